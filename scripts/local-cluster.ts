/** What benches and tests start: see `src/bin/local-cluster.ts`. */
export { type LocalCluster, type LocalClusterOptions, startLocalCluster, startNats, startNode, stopProcesses } from '#src/bin/local-cluster.js'
export type { LocalProcess } from '#src/bin/local-process.js'
