/**
 * Small TPC-DS tables from seeds alone. A purchase is a customer on a day with some items; the store has all purchases, catalogue and web have some of
 * them again under the same number, near or at the same day, so that queries over several channels find customers and items in all. The days gather where
 * the queries look. Rows depend on `hash()` of their number; no data is kept in the repository.
 */
import { pick } from './seeded-sql.js'
import {
  addresses,
  centers,
  customers,
  demographics,
  dimensions,
  firstDay,
  households,
  items,
  modes,
  pages,
  promotions,
  reasons,
  sites,
  stores,
  warehouses,
} from './tpcds-dimensions.js'

const purchases = 2400

/** First day and number of days of a kind of purchases; the kind is the purchase's number modulo the count. Undefined: any day of the five years. */
const seasons: readonly (readonly [from: string, days: number] | undefined)[] = [
  ['2000-01-03', 7],
  ['1999-02-22', 30],
  ['2000-02-05', 3],
  ['2000-03-01', 30],
  ['2000-08-23', 14],
  ['2001-01-01', 60],
  ['2001-04-01', 28],
  ['1999-09-01', 28],
  ['2001-12-01', 30],
  ['1998-11-01', 28],
  ['1998-12-01', 30],
  ['1999-01-01', 80],
  ['1999-11-01', 28],
  ['2000-11-01', 28],
  ['2001-11-01', 28],
  ['1999-12-05', 14],
  ['2000-12-05', 14],
  ['2001-04-01', 85],
  ['2002-01-01', 90],
  ['2002-02-01', 45],
  ['1999-02-01', 45],
  ['2000-01-27', 80],
  ['1998-05-01', 28],
  ['1998-09-01', 28],
  ['2001-02-01', 27],
  ['2001-07-20', 30],
  ['1999-05-01', 3],
  ['2000-06-26', 6],
  ['2000-09-25', 6],
  ['2000-11-13', 6],
  ['2000-03-25', 4],
  ['2001-01-08', 7],
  ['2002-01-07', 7],
  ...Array.from({ length: 7 }, () => undefined),
]
const kinds = seasons.length
const starts = `[${seasons.map(s => `DATE '${s?.[0] ?? '1998-01-01'}'`).join(', ')}]`
const lengths = `[${seasons.map(s => s?.[1] ?? 1826).join(', ')}]`

/** Which of the purchases of its kind it is, modulo five. */
const turn = `t // ${kinds} % 5`
const inAll = `t % ${kinds} IN (0, 27, 28, 29)`

interface Channel {
  readonly salt: number
  /** Which purchases it has. */
  readonly has: string
}
const store: Channel = { salt: 1000, has: 'true' }
const catalog: Channel = { salt: 2000, has: `${turn} < 3 OR ${inAll}` }
const web: Channel = { salt: 3000, has: `${turn} BETWEEN 1 AND 3 OR ${inAll}` }

/**
 * One row per line of a purchase. `alike`: lines that every channel has the same, which are all of the first kind; of the others every second line has
 * the same item, and most purchases have the same day.
 */
function lines({ salt, has }: Channel): string {
  const own = (expression: (salt: number) => string, alike: string) =>
    `CASE WHEN ${alike} THEN ${expression(store.salt)} ELSE ${expression(salt)} END`
  const item = (s: number) => `CASE WHEN t % ${kinds} = 2 THEN 1 + (${pick('t', s + 1, 60)} + l * 7) % 12
    WHEN t % ${kinds} = 10 THEN 3 + (${pick('t', s + 1, 20)} + l * 7) % 20 * 10
    WHEN ${pick('n', s + 2, 2)} = 0 THEN 1 + (${pick('t', s + 1, 40)} + l * 7) % 40 ELSE 1 + (${pick('t', s + 1, items)} + l * 7) % ${items} END`
  return `(SELECT *, (quantity * wholesale)::DECIMAL(7, 2) AS ext_wholesale, (quantity * list)::DECIMAL(7, 2) AS ext_list, (quantity * price)::DECIMAL(7, 2) AS ext_price,
      (quantity * (list - price))::DECIMAL(7, 2) AS ext_discount, (CASE WHEN m % 5 = 0 THEN quantity * price * 0.2 ELSE 0 END)::DECIMAL(7, 2) AS coupon,
      (quantity * price * 0.05)::DECIMAL(7, 2) AS tax, (quantity * list * 0.1)::DECIMAL(7, 2) AS freight
    FROM (SELECT *, (CASE WHEN ${pick('m', 10, 4)} = 0 THEN greatest(price - (50 + ${pick('m', 11, 250)}) / quantity, 1) ELSE 1 + ${pick('m', 7, 9900)} / 100.0 END)::DECIMAL(7, 2) AS wholesale
    FROM (SELECT *, (list * [0.4, 0.75, 0.9, 1.0][1 + ${pick('m', 9, 4)}])::DECIMAL(7, 2) AS price
    FROM (SELECT t, l, n, m, 1 + ${pick('t', 1, customers)} AS customer, (${own(item, `t % ${kinds} = 0 OR l % 2 = 0`)})::INTEGER AS item,
      ${starts}[1 + t % ${kinds}] + (${own(s => `hash(t * 31 + ${s + 3})`, `t % ${kinds} = 0 OR ${turn} < 3`)} % ${lengths}[1 + t % ${kinds}])::INTEGER AS sold,
      CASE WHEN t % ${kinds} = 8 THEN 80 + ${pick('m', 6, 21)} WHEN ${pick('m', 4, 3)} = 0 THEN 1 + ${pick('m', 5, 5)} ELSE 1 + ${pick('m', 6, 100)} END::INTEGER AS quantity, (2 + ${pick('m', 8, 19800)} / 100.0)::DECIMAL(7, 2) AS list
      FROM (SELECT t, l, t * 32 + l AS n, t * 32 + l + CASE WHEN t % ${kinds} = 0 THEN 0 ELSE ${salt} * 1000 END AS m FROM range(1, ${purchases + 1}) a(t), range(18) b(l)
        WHERE (${has}) AND l < CASE WHEN t % ${kinds} IN (26, 30) THEN 16 + t // ${kinds} % 3 ELSE 1 + ${pick('t', 2, 9)} END)))))`
}

/** A key, now and then NULL. */
const key = (value: string, salt: number) => `(CASE WHEN ${pick('n', salt, 29)} <> 0 THEN ${value} END)::INTEGER`
const any = (i: string, salt: number, n: number) => `1 + ${pick(i, salt, n)}`
const sk = (date: string) => `(${firstDay} + date_diff('day', DATE '1998-01-01', ${date}))`
/** Seconds of the day: every second one in the hours that the queries ask for. */
const time = (
  salt: number,
) => `CASE WHEN ${pick('n', salt, 2)} = 0 THEN [7, 8, 8, 9, 10, 11, 12, 19, 20, 20][${any('n', salt + 1, 10)}] * 3600 + ${pick('n', salt + 2, 60)} * 60
  ELSE ${pick('n', salt + 3, 1440)} * 60 END`
/** As the customer's row has it. */
const current = (salt: number, n: number) => any('customer', salt, n)
const mixed = (own: string, salt: number, n: number) => `CASE WHEN ${pick('t', salt, 2)} = 0 THEN ${own} ELSE ${any('t', salt + 1, n)} END`
const money = (value: string) => `(${value})::DECIMAL(7, 2)`

const prices = (
  p: string,
  rest: string,
) => `quantity AS ${p}_quantity, wholesale AS ${p}_wholesale_cost, list AS ${p}_list_price, price AS ${p}_sales_price,
  ext_discount AS ${p}_ext_discount_amt, ext_price AS ${p}_ext_sales_price, ext_wholesale AS ${p}_ext_wholesale_cost, ext_list AS ${p}_ext_list_price, tax AS ${p}_ext_tax, coupon AS ${p}_coupon_amt,
  ${rest} ${money('ext_price - coupon - ext_wholesale')} AS ${p}_net_profit`
const shipped = (
  p: string,
) => `freight AS ${p}_ext_ship_cost, ${money('ext_price - coupon')} AS ${p}_net_paid, ${money('ext_price - coupon + tax')} AS ${p}_net_paid_inc_tax,
  ${money('ext_price - coupon + freight')} AS ${p}_net_paid_inc_ship, ${money('ext_price - coupon + freight + tax')} AS ${p}_net_paid_inc_ship_tax,`
/** Who pays (`bill`) and who receives (`ship`). */
const party = (
  p: string,
  who: string,
  salt: number,
) => `${key(who === 'bill' ? 'customer' : mixed('customer', salt, customers), salt + 2)} AS ${p}_${who}_customer_sk,
  ${key(mixed(current(111, demographics), salt + 3, demographics), salt + 5)} AS ${p}_${who}_cdemo_sk, ${key(any('t', salt + 6, households), salt + 7)} AS ${p}_${who}_hdemo_sk,
  ${key(mixed(current(113, addresses), salt + 8, addresses), salt + 10)} AS ${p}_${who}_addr_sk`

/** A third of the lines come back, of some kinds most; some weeks later, those of kinds that are looked for in one week within days. */
const back = (salt: number) => `CASE WHEN t % ${kinds} BETWEEN 27 AND 29 THEN l % 4 < 3 WHEN t % 3 = 1 THEN false ELSE ${pick('n', salt, 2)} = 0 END`
const returned = (salt: number) =>
  sk(`sold + CASE WHEN t % ${kinds} IN (9, 27, 28, 29) THEN ${pick('n', salt, 2)} ELSE 2 + ${pick('n', salt + 1, 130)} END`)
const half = (part: string) => `CASE WHEN n % 3 = 0 THEN quantity ELSE (quantity + 1) // 2 END * ${part}`
const refund = (
  p: string,
  amount: string,
  credit: string,
) => `(CASE WHEN n % 3 = 0 THEN quantity ELSE (quantity + 1) // 2 END)::INTEGER AS ${p}_return_quantity, ${money(half('price'))} AS ${p}_${amount},
  ${money(`${half('price')} * 0.05`)} AS ${p}_return_tax, ${money(`${half('price')} * 1.05`)} AS ${p}_return_amt_inc_tax, ${money('0.5 + n % 90')} AS ${p}_fee, ${money(`${half('list')} * 0.1`)} AS ${p}_return_ship_cost,
  ${money(`${half('price')} * 0.1`)} AS ${p}_refunded_cash, ${money(`${half('price')} * 0.2`)} AS ${p}_reversed_charge, ${money(`${half('price')} * 0.1`)} AS ${p}_${credit}, ${money(`${half('price')} * 0.1 + 1 + n % 50`)} AS ${p}_net_loss`
const returner = (
  p: string,
  who: string,
  salt: number,
) => `${key('customer', salt)} AS ${p}_${who}_customer_sk, ${key(current(111, demographics), salt + 1)} AS ${p}_${who}_cdemo_sk,
  ${key(current(112, households), salt + 2)} AS ${p}_${who}_hdemo_sk, ${key(current(113, addresses), salt + 3)} AS ${p}_${who}_addr_sk`

export const tpcdsTables: Readonly<Record<string, string>> = {
  ...dimensions,
  inventory: `SELECT ${sk('d')}::INTEGER AS inv_date_sk, i::INTEGER AS inv_item_sk, w::INTEGER AS inv_warehouse_sk,
    CASE WHEN ${pick('(week * 997 + i * 31 + w)', 304, 17)} = 0 THEN NULL WHEN ${pick('(week * 997 + i * 31 + w)', 301, 4)} = 0 THEN 100 + ${pick('(week * 997 + i * 31 + w)', 302, 800)} ELSE ${pick('(week * 997 + i * 31 + w)', 303, 9)} END::INTEGER AS inv_quantity_on_hand
    FROM (SELECT week, DATE '1999-01-03' + week::INTEGER * 7 AS d FROM range(156) t(week)), range(1, 61) b(i), range(1, 3) c(w)`,
  store_sales: `SELECT ${key(sk('sold'), 401)} AS ss_sold_date_sk, ${key(time(402), 406)} AS ss_sold_time_sk, item AS ss_item_sk, ${key('customer', 407)} AS ss_customer_sk,
    ${key(mixed(current(111, demographics), 408, demographics), 410)} AS ss_cdemo_sk, (${any('t', 411, households)})::INTEGER AS ss_hdemo_sk,
    ${key(mixed(current(113, addresses), 413, addresses), 415)} AS ss_addr_sk, ${key(any('t', 416, stores), 417)} AS ss_store_sk, ${key(any('n', 418, promotions), 419)} AS ss_promo_sk, t::BIGINT AS ss_ticket_number,
    ${prices('ss', `${money('ext_price - coupon')} AS ss_net_paid, ${money('ext_price - coupon + tax')} AS ss_net_paid_inc_tax,`)} FROM ${lines(store)}`,
  store_returns: `SELECT ${returned(421)}::INTEGER AS sr_returned_date_sk, (${time(423)})::INTEGER AS sr_return_time_sk, item AS sr_item_sk, ${key('customer', 407)} AS sr_customer_sk,
    ${key(mixed(current(111, demographics), 408, demographics), 410)} AS sr_cdemo_sk, (${any('t', 411, households)})::INTEGER AS sr_hdemo_sk, ${key(current(113, addresses), 427)} AS sr_addr_sk,
    ${key(any('t', 416, stores), 417)} AS sr_store_sk, (${any('n', 428, reasons)})::INTEGER AS sr_reason_sk, t::BIGINT AS sr_ticket_number, ${refund('sr', 'return_amt', 'store_credit')}
    FROM ${lines(store)} WHERE ${back(429)}`,
  catalog_sales: `SELECT ${key(sk('sold'), 401)} AS cs_sold_date_sk, ${key(time(502), 506)} AS cs_sold_time_sk, ${key(`${sk('sold')} + 2 + ${pick('n', 507, 130)} % [20, 60, 130][${any('n', 508, 3)}]`, 509)} AS cs_ship_date_sk,
    ${party('cs', 'bill', 510)}, ${party('cs', 'ship', 530)}, ${key(any('t', 551, centers), 552)} AS cs_call_center_sk, ${key(any('n', 553, pages), 554)} AS cs_catalog_page_sk, ${key(any('n', 555, modes), 556)} AS cs_ship_mode_sk,
    ${key(any('n', 557, warehouses), 558)} AS cs_warehouse_sk, item AS cs_item_sk, ${key(any('n', 559, promotions), 560)} AS cs_promo_sk, t::BIGINT AS cs_order_number, ${prices('cs', shipped('cs'))} FROM ${lines(catalog)}`,
  catalog_returns: `SELECT ${returned(561)}::INTEGER AS cr_returned_date_sk, (${time(563)})::INTEGER AS cr_returned_time_sk, item AS cr_item_sk, ${returner('cr', 'refunded', 571)}, ${returner('cr', 'returning', 575)},
    ${key(any('t', 551, centers), 552)} AS cr_call_center_sk, ${key(any('n', 553, pages), 554)} AS cr_catalog_page_sk, ${key(any('n', 555, modes), 556)} AS cr_ship_mode_sk, ${key(any('n', 557, warehouses), 558)} AS cr_warehouse_sk,
    (${any('n', 579, reasons)})::INTEGER AS cr_reason_sk, t::BIGINT AS cr_order_number, ${refund('cr', 'return_amount', 'store_credit')} FROM ${lines(catalog)} WHERE ${back(580)}`,
  web_sales: `SELECT ${key(sk('sold'), 401)} AS ws_sold_date_sk, ${key(time(602), 606)} AS ws_sold_time_sk, ${key(`${sk('sold')} + 2 + ${pick('n', 607, 130)} % [20, 60, 130][${any('n', 608, 3)}]`, 609)} AS ws_ship_date_sk,
    item AS ws_item_sk, ${party('ws', 'bill', 610)}, ${party('ws', 'ship', 630)}, ${key(any('n', 651, pages), 652)} AS ws_web_page_sk, ${key(any('t', 653, sites), 654)} AS ws_web_site_sk, ${key(any('n', 655, modes), 656)} AS ws_ship_mode_sk,
    ${key(any('n', 657, warehouses), 658)} AS ws_warehouse_sk, ${key(any('n', 659, promotions), 660)} AS ws_promo_sk, t::BIGINT AS ws_order_number, ${prices('ws', shipped('ws'))} FROM ${lines(web)}`,
  web_returns: `SELECT ${returned(661)}::INTEGER AS wr_returned_date_sk, (${time(663)})::INTEGER AS wr_returned_time_sk, item AS wr_item_sk, ${returner('wr', 'refunded', 671)}, ${returner('wr', 'returning', 675)},
    ${key(any('n', 651, pages), 652)} AS wr_web_page_sk, (${any('n', 679, reasons)})::INTEGER AS wr_reason_sk, t::BIGINT AS wr_order_number, ${refund('wr', 'return_amt', 'account_credit')} FROM ${lines(web)} WHERE ${back(680)}`,
}
