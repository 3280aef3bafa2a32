/**
 * The package as a user gets it: what `npm pack` puts in, and a program, the command and the types out of an empty folder. Without network: the tarball
 * is unpacked beside links to this repository's dependencies. `npm run test:pack` lets npm install it instead.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { root } from '../../scripts/paths.js'

const test = suite('pack/package')
const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'spk-pack-'))
const app = join(folder, 'app')
let files: string[] = []

test.before(async () => {
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root })
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }]
  files = packed.files.map(f => f.path)
  const tarball = join(folder, packed.filename)
  mkdirSync(app)
  writeFileSync(join(app, 'package.json'), '{ "name": "app", "private": true, "type": "module" }')
  if (process.env['SPK_PACK_INSTALL']) await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], { cwd: app })
  else await unpack(tarball)
})
test.after(() => rmSync(folder, { recursive: true, force: true }))

/** As npm would lay it out, with links for what is there already. */
async function unpack(tarball: string): Promise<void> {
  const modules = join(app, 'node_modules')
  mkdirSync(join(modules, '.bin'), { recursive: true })
  await run('tar', ['-xzf', tarball, '-C', modules])
  await run('mv', [join(modules, 'package'), join(modules, 'spk')])
  const { dependencies, bin } = JSON.parse(readFileSync(join(modules, 'spk', 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
    bin: { spk: string }
  }
  for (const name of Object.keys(dependencies)) {
    mkdirSync(join(modules, name, '..'), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  symlinkSync(join('..', 'spk', bin.spk), join(modules, '.bin', 'spk'))
  await run('chmod', ['+x', join(modules, 'spk', bin.spk)])
}

test('what is in it: what runs, its types and its documents; no tests, no sources, no scratch', () => {
  for (const path of ['package.json', 'README.md', 'LICENSE', 'docs/api.md', 'dist/sdk/index.js', 'dist/sdk/index.d.ts', 'dist/bin/spk.js'])
    assert.ok(files.includes(path), path)
  const folders = new Set(files.map(f => (f.includes('/') ? f.slice(0, f.indexOf('/')) : '')))
  assert.equal([...folders].sort(), ['', 'deploy', 'dist', 'docs'])
  const odd = files.filter(f => /(^|\/)(test|tests|bench|src|node_modules|\.spk)\/|\.test\.|\.tsbuildinfo$|\.(log|tgz|whl)$/.test(f))
  assert.equal(odd, [])
  assert.equal(
    files.filter(f => f.startsWith('dist/') && !/\.(js|d\.ts|js\.map)$/.test(f)),
    [],
  )
})

test("a program that imports 'spk' runs in local mode", async () => {
  writeFileSync(
    join(app, 'program.js'),
    `import { SparkSession, col, functions } from 'spk'
     const spark = await SparkSession.builder().master('local[2]').getOrCreate()
     const rows = await spark.range(10).filter(col('id').gt(6)).agg(functions.sum('id').as('total')).collect()
     console.log(JSON.stringify(rows), (await spark.range(3).toArrow()).numRows)
     await spark.stop()`,
  )
  const { stdout, stderr } = await run(process.execPath, ['program.js'], { cwd: app })
  assert.is(stdout, '[{"total":24}] 3\n')
  assert.is(stderr, '')
})

test('its types check a TypeScript program, strictly', async () => {
  const program = (wrong: string): string => `
    import { type DataFrame, SparkSession, col, functions, type Row } from 'spk'
    interface Person { id: number; name: string | null }
    const spark = await SparkSession.builder().master('local[2]').getOrCreate()
    const people: DataFrame<Person> = spark.createDataFrame<Person>([{ id: 1, name: 'Ada' }])
    const rows: Person[] = await people.filter(col('id').gt(0)).collect()
    const names: (string | null)[] = (await people.select('name').collect()).map(r => r.name)
    const sums: Row[] = await people.groupBy('name').agg(functions.sum('id').as('s')).collect()
    const n: number = (await people.toArrow()).numRows
    ${wrong}
    export { names, n, rows, sums }`
  const options = { module: 'NodeNext', target: 'ES2023', strict: true, noEmit: true, skipLibCheck: true, types: [] }
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['right.ts', 'wrong.ts'] }))
  writeFileSync(join(app, 'right.ts'), program(''))
  writeFileSync(join(app, 'wrong.ts'), program('people.nope()'))
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { stdout } = await run(process.execPath, [tsc, '-p', app]).then(
    () => assert.unreachable('a call of no method was taken') as never,
    (e: { stdout: string }) => e,
  )
  const errors = stdout.trimEnd().split('\n')
  assert.is(errors.length, 1, stdout)
  assert.match(errors[0] ?? '', /wrong\.ts.*'nope' does not exist on type 'DataFrame<Person>'/)
})

test('npx spk --help, and a query', async () => {
  const { stdout } = await run('npx', ['--no-install', 'spk', '--help'], { cwd: app })
  assert.match(stdout, /^spk \d+\.\d+\.\d+: [\s\S]*Commands:[\s\S]* sql [\s\S]*Exit codes: 0 done/)
  const query = await run('npx', ['--no-install', 'spk', 'sql', '--master', 'local[2]', '--format', 'csv', '-e', 'SELECT 1 AS one'], { cwd: app })
  assert.equal([query.stdout, query.stderr], ['one\n1\n', ''])
})

test.run()
