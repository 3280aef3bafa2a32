import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseFlags } from '#src/bin/arguments.js'
import { exitCodeOf } from '#src/bin/exit-codes.js'
import { type SqlPlan, sqlPlan, sqlSpec } from '#src/bin/sql-plan.js'

const test = suite('bin/sql-plan')
const plan = (line: readonly string[], env: NodeJS.ProcessEnv = {}): SqlPlan => sqlPlan(parseFlags(sqlSpec, line), env, '/srv')

test('where the statements come from', () => {
  assert.equal(plan(['-e', 'SELECT 1']).source, { kind: 'text', text: 'SELECT 1' })
  assert.equal(plan(['-e', '-- a comment first\nSELECT 1']).source, { kind: 'text', text: '-- a comment first\nSELECT 1' })
  assert.equal(plan(['--file', 'q.sql']).source, { kind: 'file', path: '/srv/q.sql' })
  assert.equal(plan(['-f', '-']).source, { kind: 'input' })
  assert.equal(plan([]).source, { kind: 'input' })
})

test('where they run', () => {
  assert.equal(plan(['--master', 'local[4,2]']).master, { kind: 'local', url: 'local[4,2]' })
  assert.equal(plan([], { SPK_NATS_URL: 'nats://h:1', SPK_CLUSTER: 'c' }).master, { kind: 'cluster', url: 'nats://h:1', cluster: 'c' })
  assert.equal(plan(['--nats', 'nats://g:2', '--cluster', 'd'], { SPK_NATS_URL: 'nats://h:1' }).master, {
    kind: 'cluster',
    url: 'nats://g:2',
    cluster: 'd',
  })
  assert.equal(plan(['-c', 'spark.master=local[2]']).master, { kind: 'local', url: 'local[2]' })
})

test('flags are settings under Spark’s names', () => {
  const { conf } = plan(['--name', 'n', '--executor-memory', '2g', '--total-executor-cores', '4', '-c', 'spark.x=y', '--master', 'local[2]'])
  assert.equal(conf, {
    'spark.app.name': 'n',
    'spark.executor.memory': '2g',
    'spark.cores.max': '4',
    'spark.x': 'y',
    'spark.master': 'local[2]',
    'spk.cluster': 'spk',
  })
})

const wrong: readonly (readonly [line: readonly string[], sentence: RegExp])[] = [
  [['--format', 'xml'], /--format xml: it is table, json or csv\./],
  [['-e', 'x', '-f', 'y'], /-e and -f do not go together/],
  [['--master', 'spark://h:7077'], /"spark:\/\/h:7077" is not the URL of a NATS server/],
  [['--fromat', 'csv'], /Unknown flag --fromat; did you mean --format\?/],
  [['--executor-memory', 'much'], /spark\.executor\.memory/],
  [['--file'], /--file needs a value/],
  [['q.sql'], /takes flags only/],
]
for (const [line, sentence] of wrong) {
  test(`wrong: ${line.join(' ')}`, () => {
    try {
      plan(line)
      assert.unreachable('it was taken')
    } catch (error) {
      assert.match((error as Error).message, sentence)
      assert.is(exitCodeOf(error), 2)
    }
  })
}

test.run()
