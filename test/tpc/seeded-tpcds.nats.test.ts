/** TPC-DS over seeded tables on two executors over NATS, as a session runs them that sets nothing. */
import { seededSuite } from './seeded.js'

seededSuite('tpc/seeded-tpcds.nats', 'tpcds', false, [{}])
