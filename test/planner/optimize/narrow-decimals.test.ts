import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Conf } from '#src/core/config.js'
import { typeString } from '#src/core/types.js'
import type { BoundExpr } from '#src/planner/bound.js'
import { eliminateSubqueryAliases } from '#src/planner/optimize/eliminate-subquery-aliases.js'
import { narrowDecimals } from '#src/planner/optimize/narrow-decimals.js'
import { optimize } from '#src/planner/optimize/rule.js'
import type { Plan } from '#src/planner/plan.js'
import { exprText } from '#src/planner/print.js'
import { planChildren, planExpressions, visitExpr } from '#src/planner/tree.js'
import { analyzedPlan } from '../../support/rule-cases.js'

const test = suite('planner/optimize/narrow-decimals')

/** Plans read the same before and after: what changes is the types of what is computed. Columns and casts of literals are left out. */
const cases: readonly { readonly name: string; readonly sql: string; readonly types: readonly string[] }[] = [
  {
    name: 'a product whose values fit in 18 digits is computed so below a sum, whose own type stays',
    sql: 'select sum(price * (1 - discount)) from sales',
    types: ['sum((price * (1 - discount))): decimal(38,4)', '(price * (1 - discount)): decimal(18,4)', '(1 - discount): decimal(16,2)'],
  },
  {
    name: 'elsewhere the declared type is put around it',
    sql: 'select price * discount from sales',
    types: ['cast((price * discount) as decimal(31,4)): decimal(31,4)', '(price * discount): decimal(18,4)'],
  },
  {
    name: 'values that do not fit, or may not, stay wide, and what is inside them becomes narrow by itself',
    sql: 'select (big * big), (price * discount) * big from sales',
    types: [
      '(big * big): decimal(31,4)',
      '(cast((price * discount) as decimal(31,4)) * big): decimal(38,6)',
      'cast((price * discount) as decimal(31,4)): decimal(31,4)',
      '(price * discount): decimal(18,4)',
    ],
  },
  {
    name: 'the branches of a conditional are of one type',
    sql: 'select avg(case when discount > 0.05 then price * discount else 0 end) from sales',
    types: [
      'avg(CASE WHEN (discount > cast(0.05 as decimal(15,2))) THEN (price * discount) ELSE cast(0 as decimal(18,4)) END): decimal(35,8)',
      'CASE WHEN (discount > cast(0.05 as decimal(15,2))) THEN (price * discount) ELSE cast(0 as decimal(18,4)) END: decimal(18,4)',
      '(discount > cast(0.05 as decimal(15,2))): boolean',
      '(price * discount): decimal(18,4)',
    ],
  },
  {
    name: 'what a projection computes for an aggregation stays narrow on the way',
    sql: 'select n, sum(volume), sum(case when n > 3 then volume else 0 end) from (select n, price * discount as volume from sales) group by n',
    types: [
      'sum(volume): decimal(38,4)',
      'sum(CASE WHEN (n > 3) THEN volume ELSE cast(0 as decimal(18,4)) END): decimal(38,4)',
      'CASE WHEN (n > 3) THEN volume ELSE cast(0 as decimal(18,4)) END: decimal(18,4)',
      '(n > 3): boolean',
      '(price * discount): decimal(18,4)',
    ],
  },
  {
    name: 'columns without known ends stay wide',
    sql: 'select sum(p * p) from t',
    types: ['sum((p * p)): decimal(31,4)', '(p * p): decimal(21,4)'],
  },
]

for (const c of cases) {
  test(c.name, async () => {
    const batch = { name: 'rules', repeat: 'fixpoint', rules: [eliminateSubqueryAliases, narrowDecimals] } as const
    let id = 1000
    const plan = optimize(await analyzedPlan(c.sql), [batch], { nextId: () => ++id, conf: new Conf({}), parallelism: 2 })
    const found: string[] = []
    for (const e of expressionsOf(plan)) {
      visitExpr(e, x => {
        if (x.kind === 'Attribute' || x.kind === 'Literal' || (x.kind === 'Cast' && x.child.kind === 'Literal')) return
        found.push(`${plain(exprText(x))}: ${typeString(x.type)}`)
      })
    }
    assert.equal(found, c.types)
  })
}

function expressionsOf(plan: Plan): BoundExpr[] {
  return [...planExpressions(plan), ...planChildren(plan).flatMap(expressionsOf)]
}

/** Without ids and without the casts of whole numbers. */
function plain(text: string): string {
  return text.replace(/#\d+/g, '').replace(/cast\((\d+) as decimal\(1,0\)\)/g, '$1')
}

test.run()
