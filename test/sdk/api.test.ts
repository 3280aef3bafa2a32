/**
 * What `import … from 'spk'` gives, as text: names, and the signatures of the classes' public members. A difference is a change of the public API: look at
 * it, then write the new text with `SPK_UPDATE_GOLDEN=1 node build/test/sdk/api.test.js`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('sdk/api')
const entry = fileURLToPath(new URL('../../../dist/sdk/index.d.ts', import.meta.url))
const golden = fileURLToPath(new URL('../../../test/sdk/api.txt', import.meta.url))

function describe(): string {
  const program = ts.createProgram([entry], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    skipLibCheck: true,
    types: ['node'],
  })
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(entry)
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source)
  if (module === undefined) throw new Error(`no module at ${entry}`)
  const flags = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.WriteArrowStyleSignature
  const lines: string[] = []
  for (const exported of checker.getExportsOfModule(module).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    const declared = symbol.declarations ?? []
    if (declared.some(ts.isClassDeclaration)) lines.push(...classLines(symbol, checker, flags))
    else if (symbol.flags & ts.SymbolFlags.Value) lines.push(`const ${exported.name}: ${valueText(symbol, checker, flags)}`)
    else lines.push(`type ${exported.name}`)
  }
  return `${lines.join('\n')}\n`
}

/** An object of functions is told by its names alone: they are many and alike. */
function valueText(symbol: ts.Symbol, checker: ts.TypeChecker, flags: ts.TypeFormatFlags): string {
  const type = checker.getTypeOfSymbol(symbol)
  const members = type.getProperties()
  if (type.getCallSignatures().length === 0 && members.length > 12)
    return `{ ${members
      .map(m => m.name)
      .sort()
      .join(', ')} }`
  return checker.typeToString(type, undefined, flags)
}

function classLines(symbol: ts.Symbol, checker: ts.TypeChecker, flags: ts.TypeFormatFlags): string[] {
  const type = checker.getDeclaredTypeOfSymbol(symbol)
  const isPublic = (member: ts.Symbol): boolean =>
    !member.name.startsWith('__') &&
    (member.declarations ?? []).every(
      d =>
        (ts.getCombinedModifierFlags(d) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) === 0 &&
        !ts.getJSDocTags(d).some(t => t.tagName.text === 'internal') &&
        !isPrivateName(d),
    )
  const own = checker.getPropertiesOfType(type).filter(isPublic)
  const statics = checker.getPropertiesOfType(checker.getTypeOfSymbol(symbol)).filter(m => isPublic(m) && m.name !== 'prototype')
  const line = (m: ts.Symbol, prefix: string): string => `  ${prefix}${m.name}: ${checker.typeToString(checker.getTypeOfSymbol(m), undefined, flags)}`
  const inherited = new Set(['Error', 'Date'])
  const fromBase = (m: ts.Symbol): boolean =>
    (m.declarations ?? []).some(d => ts.isInterfaceDeclaration(d.parent) && inherited.has(d.parent.name.text.replace('Constructor', '')))
  return [
    `class ${symbol.name}`,
    ...statics
      .filter(m => !fromBase(m))
      .map(m => line(m, 'static '))
      .sort(),
    ...own
      .filter(m => !fromBase(m))
      .map(m => line(m, ''))
      .sort(),
  ]
}

function isPrivateName(d: ts.Declaration): boolean {
  return 'name' in d && d.name !== undefined && ts.isPrivateIdentifier(d.name as ts.Node)
}

test('the public API is what test/sdk/api.txt says', () => {
  const text = describe()
  if (process.env['SPK_UPDATE_GOLDEN']) writeFileSync(golden, text)
  assert.is(text, readFileSync(golden, 'utf8'))
})

test.run()
