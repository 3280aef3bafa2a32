/**
 * The import rules hold, and each one bites: bad imports, one by value and one by type per rule, are planted in a copy of the tree and must be reported
 * by exactly that rule.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const test = suite('architecture')

interface Violation {
  readonly from: string
  readonly to: string
  readonly rule: { readonly name: string }
}

function violations(folder: string): Violation[] {
  const cli = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs')
  const result = spawnSync(process.execPath, [cli, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'src'], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  assert.ok(result.stdout.startsWith('{'), `dependency-cruiser ran: ${result.stderr}`)
  return (JSON.parse(result.stdout) as { summary: { violations: Violation[] } }).summary.violations
}

/** rule → the file that breaks it (below src/, without extension) and what it imports. */
const planted: Readonly<Record<string, readonly [file: string, specifier: string]>> = {
  'core-imports': ['core/planted', '../protocol/version.js'],
  'protocol-imports': ['protocol/planted', '../transport/transport.js'],
  'transport-imports': ['transport/planted', '../protocol/version.js'],
  'planner-imports': ['planner/planted', '../kernel/task.js'],
  'kernel-imports': ['kernel/planted', '../protocol/version.js'],
  'blockstore-imports': ['blockstore/planted', '../kernel/task.js'],
  'history-imports': ['history/planted', '../transport/transport.js'],
  'actors-master-imports': ['actors/master/planted', '../../blockstore/blocks.js'],
  'actors-worker-imports': ['actors/worker/planted', '../../kernel/task.js'],
  'actors-executor-imports': ['actors/executor/planted', '../../planner/expr.js'],
  'actors-driver-imports': ['actors/driver/planted', '../../kernel/task.js'],
  'sql-imports': ['sql/planted', '../kernel/task.js'],
  'ui-imports': ['ui/planted', '../planner/expr.js'],
  'actors-apart': ['actors/master/planted-peer', '../worker/ports.js'],
  'planner-apart': ['planner/planted-a/one', '../planted-b/two.js'],
  'door-pino': ['core/planted-pino', 'pino'],
  'door-zstd': ['core/planted-zstd', '@bokuweb/zstd-wasm'],
  'door-msgpackr': ['protocol/planted-msgpackr', 'msgpackr'],
  'door-typebox': ['protocol/planted-typebox', '@sinclair/typebox'],
  'door-nats': ['transport/planted-nats', '@nats-io/transport-node'],
  'door-duckdb': ['kernel/planted-duckdb', '@duckdb/node-api'],
  'door-arrow': ['blockstore/planted-arrow', 'apache-arrow'],
  'door-xstate': ['core/planted-xstate', 'xstate'],
  'door-hono': ['ui/planted-hono', 'hono'],
  'door-sucrase': ['ui/planted-sucrase', 'sucrase'],
  'entry-points': ['core/planted-entry', '../sdk/planted.js'],
  'pure-files': ['actors/planted/machine', 'node:fs'],
  'no-unresolved': ['core/planted-missing', './no-such-file.js'],
}

test('the tree has no violation', () => {
  assert.equal(
    violations(root).map(v => `${v.rule.name}: ${v.from} → ${v.to}`),
    [],
  )
})

test('every rule reports a planted bad import, by value and by type', () => {
  const copy = mkdtempSync(join(tmpdir(), 'spk-architecture-'))
  try {
    cpSync(join(root, 'src'), join(copy, 'src'), { recursive: true })
    for (const name of ['.dependency-cruiser.cjs', 'package.json']) cpSync(join(root, name), join(copy, name))
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
    const write = (file: string, text: string): void => {
      const path = join(copy, 'src', `${file}.ts`)
      mkdirSync(dirname(path), { recursive: true })
      assert.not.ok(existsSync(path), `${file} exists already`)
      writeFileSync(path, text)
    }
    write('planner/planted-b/two', 'export const two = 2\n')
    write('sdk/planted', 'export const planted = 1\n')
    write('core/planted-cycle-a', "import { b } from './planted-cycle-b.js'\nexport const a = () => b\n")
    write('core/planted-cycle-b', "import { a } from './planted-cycle-a.js'\nexport const b = () => a\n")
    for (const [file, specifier] of Object.values(planted)) {
      write(file, `import * as x from '${specifier}'\nexport const y = x\n`)
      // The rule for pure files goes by the file's name, so its second offender sits in a folder of its own.
      const second = file.endsWith('/machine') ? 'actors/planted-type/machine' : `${file}-type`
      write(second, `import type * as x from '${specifier}'\nexport type Y = typeof x\n`)
    }
    const found = violations(copy)
    const reported = (rule: string, file: string): boolean => found.some(v => v.rule.name === rule && v.from === `src/${file}.ts`)
    const silent: string[] = []
    for (const [rule, [file]] of Object.entries(planted)) {
      const second = file.endsWith('/machine') ? 'actors/planted-type/machine' : `${file}-type`
      if (!reported(rule, file)) silent.push(`${rule} by value`)
      if (!reported(rule, second)) silent.push(`${rule} by type`)
    }
    if (!reported('no-cycles', 'core/planted-cycle-a')) silent.push('no-cycles')
    assert.equal(silent, [])
    const { forbidden } = createRequire(import.meta.url)(join(root, '.dependency-cruiser.cjs')) as { forbidden: { name: string }[] }
    for (const { name } of forbidden) assert.ok(name === 'no-cycles' || name in planted, `rule ${name} has a planted import`)
  } finally {
    rmSync(copy, { recursive: true })
  }
})

test.run()
