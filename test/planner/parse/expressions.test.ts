import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Expr } from '#src/planner/expr.js'
import { parseExpression } from '#src/planner/parse/parse.js'

const test = suite('planner/parse/expressions')

/** Fully bracketed prefix form: `(+ a (* b c))`. */
function shown(e: Expr): string {
  const all = (items: readonly Expr[]): string => items.map(shown).join(' ')
  switch (e.kind) {
    case 'Literal':
      return typeof e.value === 'string' && e.type.kind === 'string' ? `'${e.value}'` : String(e.value)
    case 'UnresolvedAttribute':
      return e.nameParts.join('.')
    case 'UnresolvedStar':
      return `${e.target === undefined ? '' : `${e.target.join('.')}.`}*${e.except === undefined ? '' : `-${e.except.map(p => p.join('.')).join(',')}`}`
    case 'UnresolvedFunction': {
      const extra = `${e.distinct ? ' distinct' : ''}${e.ignoreNulls === undefined ? '' : ` nulls:${e.ignoreNulls}`}`
      const filter = e.filter === undefined ? '' : ` filter:${shown(e.filter)}`
      const within = e.withinGroup === undefined ? '' : ` within:${all(e.withinGroup)}`
      return `(${e.name}${extra}${e.args.length === 0 ? '' : ` ${all(e.args)}`}${filter}${within})`
    }
    case 'Cast':
      return `(${e.mode === 'try' ? 'try_cast' : 'cast'} ${shown(e.child)} ${e.to.kind})`
    case 'Alias':
      return `(as ${shown(e.child)} ${e.name})`
    case 'MultiAlias':
      return `(as ${shown(e.child)} ${e.names.join(',')})`
    case 'UnresolvedExtractValue':
      return `(get ${shown(e.child)} ${shown(e.extraction)})`
    case 'SortOrder':
      return `(${e.ascending ? 'asc' : 'desc'}${e.nullsFirst === undefined ? '' : e.nullsFirst ? ' first' : ' last'} ${shown(e.child)})`
    case 'ExpressionString':
      return e.text
    case 'SubqueryExpression':
      return `(${e.subquery}${e.values === undefined ? '' : ` ${all(e.values)}`} ${e.plan.kind})`
    case 'NamedArgument':
      return `${e.name}:${shown(e.value)}`
    case 'LambdaFunction':
      return `(fn ${e.parameters.join(',')} ${shown(e.body)})`
    case 'Window': {
      const bound = (b: NonNullable<typeof e.frame>['lower']): string => (b.kind === 'offset' ? shown(b.value) : b.kind)
      const frame = e.frame === undefined ? '' : ` ${e.frame.type} ${bound(e.frame.lower)} ${bound(e.frame.upper)}`
      return `(over ${shown(e.function)} [${all(e.partitionBy)}] [${all(e.orderBy)}]${frame}${e.reference === undefined ? '' : ` ${e.reference}`})`
    }
  }
}

const cases: readonly (readonly [string, string])[] = [
  // precedence, tightest last
  ['a or b and not c', '(or a (and b (not c)))'],
  ['not a = b', '(not (= a b))'],
  ['not a and b', '(and (not a) b)'],
  ['!a', '(not a)'],
  ['a = b = c', '(= (= a b) c)'],
  ['a | b ^ c & d << e + f * g', '(| a (^ b (& c (<< d (+ e (* f g))))))'],
  ['a - b - c', '(- (- a b) c)'],
  ['a * b / c % d div e', '(div (% (/ (* a b) c) d) e)'],
  ['a || b + c', '(+ (|| a b) c)'],
  ['-a * b', '(* (negative a) b)'],
  ['- a.b', '(negative a.b)'],
  ['-5', '-5'],
  ['- - 5', '(negative -5)'],
  ['2 -1', '(- 2 1)'],
  ['~a + +b', '(+ (~ a) (positive b))'],
  ['a >> 1 >>> 2', '(>>> (>> a 1) 2)'],
  ['a > b', '(> a b)'],
  ['a <> b', '(not (= a b))'],
  ['a != b', '(not (= a b))'],
  ['a !> b or a !< b', '(or (<= a b) (>= a b))'],
  ['a <=> b', '(<=> a b)'],
  ['a = b is null', '(isnull (= a b))'],
  // predicates
  ['a between 1 and 2 and b', '(and (between a 1 2) b)'],
  ['a not between 1 and 2', '(not (between a 1 2))'],
  ['a in (1, 2)', '(in a 1 2)'],
  ['a not in (1)', '(not (in a 1))'],
  ['a in (select 1)', '(in a Project)'],
  ['(a, b) in (select 1, 2)', '(in a b Project)'],
  ["a like 'x%'", "(like a 'x%')"],
  ["a not ilike 'x' escape '!'", "(not (ilike a 'x' '!'))"],
  ["a rlike 'x' and b regexp 'y'", "(and (rlike a 'x') (rlike b 'y'))"],
  ["a like any ('x', 'y')", "(or (like a 'x') (like a 'y'))"],
  ["a not like any ('x', 'y')", "(not (and (like a 'x') (like a 'y')))"],
  ["a like all ('x', 'y')", "(and (like a 'x') (like a 'y'))"],
  ["a not like all ('x', 'y')", "(not (or (like a 'x') (like a 'y')))"],
  ['a is null', '(isnull a)'],
  ['a is not null', '(isnotnull a)'],
  ['a is distinct from b', '(not (<=> a b))'],
  ['a is not distinct from b', '(<=> a b)'],
  ['a is true', '(<=> a true)'],
  ['a is not false', '(not (<=> a false))'],
  ['a is unknown', '(isnull a)'],
  ['exists (select 1)', '(exists Project)'],
  ['exists(a, x -> x > 1)', '(exists a (fn x (> x 1)))'],
  // names, fields, elements
  ['a.b.c', 'a.b.c'],
  ['`a.b`.c', 'a.b.c'],
  ['f(a).b', "(get (f a) 'b')"],
  ['a[0]', '(get a 0)'],
  ['a.b[i + 1].c', "(get (get a.b (+ i 1)) 'c')"],
  ["m['k']", "(get m 'k')"],
  ['*', '*'],
  ['t.*', 't.*'],
  ['* except (a, b.c)', '*-a,b.c'],
  ['t.* except (a)', 't.*-a'],
  ['current_date', 'current_date'],
  ['a b', '(as a b)'],
  ['a as b', '(as a b)'],
  ['a as `b c`', '(as a b c)'],
  // calls
  ['f()', '(f)'],
  ['f(a, 1)', '(f a 1)'],
  ['db.f(a)', '(db.f a)'],
  ['count(*)', '(count 1)'],
  ['count(distinct a, b)', '(count distinct a b)'],
  ['count(all a)', '(count a)'],
  ['sum(a) filter (where b > 1)', '(sum a filter:(> b 1))'],
  ['first(a) ignore nulls', '(first nulls:true a)'],
  ['first(a ignore nulls)', '(first nulls:true a)'],
  ['last(a) respect nulls', '(last nulls:false a)'],
  ['percentile_cont(0.5) within group (order by a desc)', '(percentile_cont 0.5 within:(desc a))'],
  ['f(x => 1, y => a)', '(f x:1 y:a)'],
  ['transform(a, (x, i) -> x + i)', '(transform a (fn x,i (+ x i)))'],
  ['left(a, 2)', '(left a 2)'],
  ["like(a, 'x')", "(like a 'x')"],
  ['if(a, 1, 2)', '(if a 1 2)'],
  // forms of their own
  ['case when a then 1 when b then 2 else 3 end', '(when a 1 b 2 3)'],
  ['case a when 1 then x end', '(when (= a 1) x)'],
  ['cast(a as int)', '(cast a int)'],
  ['try_cast(a as date)', '(try_cast a date)'],
  ['a::bigint + 1', '(+ (cast a long) 1)'],
  ['-a::int', '(negative (cast a int))'],
  ['extract(year from d)', "(extract 'year' d)"],
  ["position('a' in b)", "(position 'a' b)"],
  ["position('a', b)", "(position 'a' b)"],
  ['substring(a from 2 for 3)', '(substring a 2 3)'],
  ['substr(a, 2)', '(substr a 2)'],
  ["trim(both 'x' from a)", "(trim 'x' a)"],
  ['trim(leading from a)', '(ltrim a)'],
  ["trim(trailing 'x' from a)", "(rtrim 'x' a)"],
  ['trim(a)', '(trim a)'],
  ["overlay(a placing 'x' from 2 for 1)", "(overlay a 'x' 2 1)"],
  ['timestampadd(day, 1, t)', "(timestampadd 'DAY' 1 t)"],
  ['datediff(hour, a, b)', "(timestampdiff 'HOUR' a b)"],
  ['datediff(a, b)', '(datediff a b)'],
  ['struct(a, b as c)', '(struct a (as b c))'],
  ['(a, b c)', '(struct a (as b c))'],
  ['(a)', 'a'],
  ['(select 1)', '(scalar Project)'],
  ['((select 1) + 2)', '(+ (scalar Project) 2)'],
  ['a collate utf8_lcase', "(collate a 'utf8_lcase')"],
  // windows
  ['rank() over (partition by a order by b desc nulls last)', '(over (rank) [a] [(desc last b)])'],
  ['sum(a) over (order by b rows between 2 preceding and current row)', '(over (sum a) [] [(asc b)] rows -2 currentRow)'],
  ['sum(a) over (order by b range unbounded preceding)', '(over (sum a) [] [(asc b)] range unbounded currentRow)'],
  ['sum(a) over w', '(over (sum a) [] [] w)'],
  // keywords as names
  ['date + interval', '(+ date interval)'],
  ['year(date)', '(year date)'],
  ['t.select', 't.select'],
]

for (const [sql, expected] of cases) test(sql, () => assert.is(shown(parseExpression(sql)), expected))

test('parameters stand for their values, never for text', () => {
  const value: Expr = { kind: 'Literal', value: "1' or '1' = '1", type: { kind: 'string' } }
  assert.is(shown(parseExpression('a = :x', { named: { x: value } })), "(= a '1' or '1' = '1')")
  const one: Expr = { kind: 'Literal', value: 1, type: { kind: 'int' } }
  assert.is(shown(parseExpression('a = ? or a = ?', { positional: [one, value] })), "(or (= a 1) (= a '1' or '1' = '1'))")
})

test('every node knows its place in the text', () => {
  const text = 'a + f(b, 1) * 2'
  const places: string[] = []
  const visit = (e: Expr): void => {
    places.push(text.slice(e.span?.start, e.span?.end))
    if (e.kind === 'UnresolvedFunction') e.args.forEach(visit)
  }
  visit(parseExpression(text))
  assert.equal(places, ['a + f(b, 1) * 2', 'a', 'f(b, 1) * 2', 'f(b, 1)', 'b', '1', '2'])
})

test.run()
