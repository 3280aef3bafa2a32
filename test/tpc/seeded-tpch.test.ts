/** TPC-H over seeded tables in this process: broadcast on and off, adaptive on and off. */
import { adaptiveOff, broadcastOff, seededSuite } from './seeded.js'

seededSuite('tpc/seeded-tpch', 'tpch', true, [{}, adaptiveOff, { ...broadcastOff, ...adaptiveOff }])
