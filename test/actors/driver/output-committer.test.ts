import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { outputCommitter } from '#src/actors/driver/output-committer.js'
import type { WriteSpec } from '#src/core/stage.js'

const test = suite<{ root: string; path: string }>('actors/driver/output-committer')
let names = 0
const committer = outputCommitter(() => `u${names++}`)

test.before.each(context => {
  context.root = mkdtempSync(join(tmpdir(), 'spk-committer-'))
  context.path = join(context.root, 'out')
})
test.after.each(context => rmSync(context.root, { recursive: true, force: true }))

function write(path: string, mode?: string): WriteSpec {
  return { format: 'parquet', path, options: mode === undefined ? {} : { mode } }
}

/** What two tasks leave below the temporary folder. */
async function tasks(temporary: string, texts: readonly string[]): Promise<string[]> {
  const files = texts.map((_, i) => join(temporary, `task-${i}`, 'part.snappy.parquet'))
  for (const [i, file] of files.entries()) {
    await mkdir(join(file, '..'), { recursive: true })
    await writeFile(file, texts[i] as string)
  }
  return files
}

function visible(path: string): string[] {
  return readdirSync(path)
    .filter(name => !name.startsWith('_'))
    .map(name => readFileSync(join(path, name), 'utf8'))
    .sort()
}

async function commit(spec: WriteSpec, texts: readonly string[]): Promise<string[]> {
  const temporary = (await committer.prepareWrite(spec, 0)) as string
  return committer.commitWrite(spec, temporary, await tasks(temporary, texts))
}

test('files come into view with the commit, in task order, under one name, beside _SUCCESS', async ({ path }) => {
  const temporary = (await committer.prepareWrite(write(path), 7)) as string
  const files = await tasks(temporary, ['a', 'b'])
  assert.equal(visible(path), [])
  const final = await committer.commitWrite(write(path), temporary, files)
  assert.equal(
    final.map(file => readFileSync(file, 'utf8')),
    ['a', 'b'],
  )
  const [first = '', second = ''] = final.map(file => file.slice(path.length + 1))
  assert.match(first, /^part-00000-u\d+-c000\.snappy\.parquet$/)
  assert.is(second, first.replace('00000', '00001'))
  assert.equal(readdirSync(path).sort(), ['_SUCCESS', first, second])
})

const modes: readonly [mode: string | undefined, first: readonly string[], outcome: 'fails' | 'nothing' | readonly string[]][] = [
  [undefined, [], ['new']],
  [undefined, ['old'], 'fails'],
  ['error', ['old'], 'fails'],
  ['errorifexists', ['old'], 'fails'],
  ['ignore', ['old'], 'nothing'],
  ['ignore', [], ['new']],
  ['append', ['old'], ['new', 'old']],
  ['overwrite', ['old', 'older'], ['new']],
]
for (const [mode, before, outcome] of modes) {
  test(`save mode ${mode} with ${before.length} files there: ${outcome}`, async ({ path }) => {
    if (before.length > 0) await commit(write(path), before)
    if (outcome === 'fails') {
      try {
        await committer.prepareWrite(write(path, mode), 1)
        assert.unreachable()
      } catch (error) {
        assert.match(String(error), /\[PATH_ALREADY_EXISTS\] Path .*out already exists.*SQLSTATE: 42K04/)
      }
      assert.equal(visible(path), before)
    } else if (outcome === 'nothing') {
      assert.is(await committer.prepareWrite(write(path, mode), 1), undefined)
      assert.equal(visible(path), before)
    } else {
      await commit(write(path, mode), ['new'])
      assert.equal(visible(path), outcome)
    }
  })
}

test('an aborted write leaves nothing: no folder where there was none, the old files where there were some', async ({ path }) => {
  const temporary = (await committer.prepareWrite(write(path), 0)) as string
  await tasks(temporary, ['half'])
  await committer.abortWrite(write(path), temporary)
  assert.not(existsSync(path))
  await commit(write(path), ['old'])
  const again = (await committer.prepareWrite(write(path, 'overwrite'), 1)) as string
  await tasks(again, ['half'])
  await committer.abortWrite(write(path, 'overwrite'), again)
  assert.equal(visible(path), ['old'])
  assert.not(existsSync(join(path, '_temporary')))
})

test('an overwrite whose commit fails keeps the old files, and none of the new', async ({ path }) => {
  await commit(write(path), ['old'])
  const spec = write(path, 'overwrite')
  const temporary = (await committer.prepareWrite(spec, 1)) as string
  const [made = ''] = await tasks(temporary, ['new'])
  try {
    await committer.commitWrite(spec, temporary, [made, join(temporary, 'lost.parquet')])
    assert.unreachable()
  } catch (error) {
    assert.match(String(error), /\[SPK_CANNOT_WRITE\]/)
  }
  assert.equal(visible(path), ['old'])
})

test('two jobs that append at the same time do not meet', async ({ path }) => {
  const spec = write(path, 'append')
  const [one, two] = [(await committer.prepareWrite(spec, 0)) as string, (await committer.prepareWrite(spec, 0)) as string]
  const [a, b] = [await tasks(one, ['a']), await tasks(two, ['b'])]
  await committer.commitWrite(spec, one, a)
  await committer.commitWrite(spec, two, b)
  assert.equal(visible(path), ['a', 'b'])
})

test('a folder left by a write that was cut off counts as not there', async ({ path }) => {
  await committer.prepareWrite(write(path), 0)
  await commit(write(path), ['new'])
  assert.equal(visible(path), ['new'])
})

test.run()
