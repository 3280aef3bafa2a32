/** TPC-DS over seeded tables in this process, every join by a shuffle, re-planned while it runs. The other ways: `seeded-tpcds-static`, `.nats`. */
import { broadcastOff, seededSuite } from './seeded.js'

seededSuite('tpc/seeded-tpcds', 'tpcds', true, [broadcastOff])
