/**
 * Module hooks for a user's script, so that `spk submit job.ts` works on Node 20: TypeScript is stripped to JavaScript line for line, `./x.js` finds
 * `./x.ts`, and `import 'spk'` finds this package wherever the script lies. Registered by `script-hooks.ts`; runs in Node's hook thread.
 */
import { readFile } from 'node:fs/promises'
import type { LoadHook, ResolveHook } from 'node:module'
import { fileURLToPath } from 'node:url'

export const resolve: ResolveHook = async (specifier, context, next) => {
  try {
    return await next(specifier, context)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    if (specifier === 'spk') return next(specifier, { ...context, parentURL: import.meta.url })
    if (/^(\.|\/|file:).*\.m?js$/.test(specifier)) return next(specifier.replace(/js$/, 'ts'), context)
    throw error
  }
}

export const load: LoadHook = async (url, context, next) => {
  if (!/^file:.*\.m?ts$/.test(url)) return next(url, context)
  const { transform } = await import('sucrase')
  const file = fileURLToPath(url)
  const { code } = transform(await readFile(file, 'utf8'), {
    transforms: ['typescript'],
    disableESTransforms: true,
    preserveDynamicImport: true,
    injectCreateRequireForImportRequire: true,
    filePath: file,
  })
  return { format: 'module', source: code, shortCircuit: true }
}
