/** Scratch folders end with their process, and the next process removes those of one that was killed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { scratchFolder } from '#src/core/scratch.js'

const test = suite('core/scratch')
const folder = mkdtempSync(join(tmpdir(), 'spk-scratch-test-'))
const module = fileURLToPath(new URL('../../../dist/core/scratch.js', import.meta.url))
test.after(() => rmSync(folder, { recursive: true, force: true }))

/** Makes two folders with a file in each, in a process of its own, then runs `end`. Resolves with their names. */
async function inProcess(parent: string, end: string): Promise<string[]> {
  const program = `
    import { writeFileSync } from 'node:fs'
    const { scratchFolder } = await import(${JSON.stringify(module)})
    for (const kind of ['driver', 'local']) {
      const { path } = scratchFolder(${JSON.stringify(parent)}, kind)
      writeFileSync(path + '/block', 'x')
      console.log(path)
    }
    ${end}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  child.stdout.on('data', (data: Buffer) => {
    text += data.toString()
  })
  await once(child, 'close')
  return text
    .trim()
    .split('\n')
    .map(p => basename(p))
}

for (const [how, end] of [
  ['its last line', ''],
  ['process.exit', 'process.exit(3)'],
  ['an uncaught error', "throw new Error('planned')"],
] as const) {
  test(`a process that ends by ${how} leaves no folder`, async () => {
    const parent = join(folder, `end-${end.length}`)
    assert.is((await inProcess(parent, end)).length, 2)
    assert.equal(readdirSync(parent), [])
  })
}

test('folders of a killed process go with the next one; those of a living one, of another host, and other names stay', async () => {
  const parent = join(folder, 'killed')
  const left = await inProcess(parent, "process.kill(process.pid, 'SIGKILL')")
  assert.equal(readdirSync(parent).sort(), [...left].sort())
  const [, , host, dead] = (left[0] as string).split('-')
  const stay = [
    `spk-local-${host}-${process.ppid}-abcdef`,
    `spk-local-00000000-${dead}-abcdef`,
    `spk-other-${host}-${dead}-abcdef`,
    `spk-local-${dead}`,
  ]
  for (const name of stay) {
    mkdirSync(join(parent, name))
    writeFileSync(join(parent, name, 'block'), 'x')
  }
  const own = scratchFolder(parent, 'planning')
  assert.equal(readdirSync(parent).sort(), [...stay, basename(own.path)].sort())
  own.remove()
  own.remove()
  assert.equal(readdirSync(parent).sort(), [...stay].sort())
})

test('with the folders of a killed process go the writes it was in the middle of, and nothing else', async () => {
  const parent = join(folder, 'writing')
  const targets = ['fresh', 'there'].map(name => join(folder, name))
  for (const target of targets) mkdirSync(join(target, '_temporary', '3-0a1b'), { recursive: true })
  for (const target of targets) writeFileSync(join(target, '_temporary', '3-0a1b', 'part-0.json'), '{}')
  writeFileSync(join(folder, 'there', 'part-1.json'), '{}')
  const noted = [...targets.map(target => join(target, '_temporary', '3-0a1b')), join(folder, 'there'), join(folder, 'none', '_temporary', '1-ab')]
  await inProcess(
    parent,
    `const { noteOutputFolder } = await import(${JSON.stringify(module.replace('scratch.js', 'output-folders.js'))})
     const { path } = scratchFolder(${JSON.stringify(parent)}, 'local')
     for (const folder of ${JSON.stringify(noted)}) noteOutputFolder(path + '/blocks', folder)
     process.kill(process.pid, 'SIGKILL')`,
  )
  scratchFolder(parent, 'planning').remove()
  assert.equal(readdirSync(parent), [])
  assert.not.ok(existsSync(join(folder, 'fresh')))
  assert.equal(readdirSync(join(folder, 'there')), ['part-1.json'])
})

test.run()
