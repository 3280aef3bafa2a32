/** TPC-DS over seeded tables in this process, planned once, with and without broadcast. */
import { adaptiveOff, broadcastOff, seededSuite } from './seeded.js'

seededSuite('tpc/seeded-tpcds-static', 'tpcds', true, [adaptiveOff, { ...broadcastOff, ...adaptiveOff }])
