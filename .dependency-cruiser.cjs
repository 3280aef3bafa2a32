/**
 * The import table of docs/architecture.md, enforced. Three helpers, then one line per row of the table. `test/architecture.test.ts` plants a bad import
 * per rule and checks that the rule reports it.
 */
const may = (folder, ...others) => ({
  name: `${folder.replace('/', '-')}-imports`,
  comment: `${folder} may import itself${others.length > 0 ? `, ${others.join(', ')}` : ' only'}.`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `^src/(${[`${folder}/`, ...others].join('|')})` },
})
const door = (name, packages, files) => ({
  name: `door-${name}`,
  comment: `${packages} is imported by ${files} only.`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^src/(${files})` },
  to: { path: `node_modules/(${packages})/` },
})
const apart = (folder, ...shared) => ({
  name: `${folder.replace('/', '-')}-apart`,
  comment: `Folders of ${folder} never import each other.`,
  severity: 'error',
  from: { path: `^src/${folder}/([^/]+)/` },
  to: { path: `^src/${folder}/([^/]+)/`, pathNot: [`^src/${folder}/$1/`, ...shared.map(s => `^src/${folder}/${s}/`)] },
})

const transport = 'transport/transport\\.ts'
const handle = 'actors/driver/handle\\.ts'

module.exports = {
  forbidden: [
    may('core'),
    may('protocol', 'core/'),
    may('transport', 'core/'),
    may('planner', 'core/'),
    may('kernel', 'core/'),
    may('blockstore', 'core/', 'protocol/', transport),
    may('history', 'core/', 'protocol/'),
    may('actors/master', 'actors/bind\\.ts', 'core/', 'protocol/', transport),
    may('actors/worker', 'actors/(bind|order-inbox)\\.ts', 'core/', 'protocol/', transport),
    may('actors/executor', 'actors/(bind|order-inbox)\\.ts', 'core/', 'protocol/', transport, 'kernel/', 'blockstore/'),
    may('actors/driver', 'actors/bind\\.ts', 'core/', 'protocol/', transport, 'planner/', 'history/', 'blockstore/'),
    may('sql', 'core/', 'planner/', handle),
    may('ui', 'core/', 'protocol/', transport, 'history/'),
    apart('actors'),
    apart('planner', 'functions'),
    door('pino', 'pino', 'core/log\\.ts'),
    door('zstd', '@bokuweb/zstd-wasm', 'core/arrow/compression\\.ts'),
    door('msgpackr', 'msgpackr', 'protocol/wire\\.ts'),
    door('typebox', '@sinclair/typebox', 'protocol/wire\\.ts'),
    door('nats', '@nats-io', 'transport/nats[a-z-]*\\.ts'),
    door('duckdb', '@duckdb', 'kernel/duckdb\\.ts'),
    door('arrow', 'apache-arrow', 'sql/arrow-table\\.ts'),
    door('xstate', 'xstate', 'actors/'),
    door('hono', '(hono|@hono)', 'ui/server\\.ts'),
    door('sucrase', 'sucrase', 'bin/script-loader\\.ts'),
    {
      name: 'entry-points',
      comment: 'Nobody imports sdk or bin.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(sdk|bin)/' },
      to: { path: '^src/(sdk|bin)/' },
    },
    {
      name: 'pure-files',
      comment: 'Machines and policies do no I/O.',
      severity: 'error',
      from: { path: '^src/actors/.*/(machine|job|stage|schedule|placement)\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-cycles',
      comment: 'Imports form no cycle.',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unresolved', comment: 'Every import resolves.', severity: 'error', from: { path: '^src/' }, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
}
