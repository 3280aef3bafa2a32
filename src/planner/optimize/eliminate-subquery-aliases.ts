/** `t` AS alias → t: qualifiers have done their work once names are bound. */
import type { Rule } from './rule.js'

export const eliminateSubqueryAliases: Rule = {
  name: 'EliminateSubqueryAliases',
  order: 'up',
  rewrite: plan => (plan.kind === 'SubqueryAlias' ? plan.input : plan),
}
