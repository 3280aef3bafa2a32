/** TPC-H over seeded tables on two executors over NATS: every join by a shuffle, which is what travels between executors. */
import { broadcastOff, seededSuite } from './seeded.js'

seededSuite('tpc/seeded-tpch.nats', 'tpch', false, [broadcastOff])
