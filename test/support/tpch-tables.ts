/**
 * Small TPC-H tables from seeds alone: the official columns, keys that fit each other, and values among which every query finds some. Rows depend on
 * `hash()` of their number, so both sides see the same ones; no data is kept in the repository.
 */

import { among, pick, texts } from './seeded-sql.js'

const nations =
  'ALGERIA ARGENTINA BRAZIL CANADA EGYPT ETHIOPIA FRANCE GERMANY INDIA INDONESIA IRAN IRAQ JAPAN JORDAN KENYA MOROCCO MOZAMBIQUE PERU CHINA ROMANIA SAUDI_ARABIA VIETNAM RUSSIA UNITED_KINGDOM UNITED_STATES'
    .split(' ')
    .map(n => n.replace('_', ' '))
const regionOf = [0, 1, 1, 1, 4, 0, 3, 3, 2, 2, 4, 4, 2, 4, 0, 0, 0, 1, 2, 3, 4, 2, 3, 3, 1]

const suppliers = 30
const parts = 120
const customers = 100
const orders = 900

const supplierOf = (part: string, k: string) => `(1 + (${part} + ${k} * 7) % ${suppliers})::BIGINT`

export const tpchTables: Readonly<Record<string, string>> = {
  region: `SELECT i::INTEGER AS r_regionkey, ${texts(['AFRICA', 'AMERICA', 'ASIA', 'EUROPE', 'MIDDLE EAST'])}[i + 1] AS r_name, 'r' || i AS r_comment FROM range(5) t(i)`,
  nation: `SELECT i::INTEGER AS n_nationkey, ${texts(nations)}[i + 1] AS n_name, [${regionOf.join(', ')}][i + 1]::INTEGER AS n_regionkey, 'n' || i AS n_comment FROM range(25) t(i)`,
  supplier: `SELECT i::BIGINT AS s_suppkey, 'Supplier#' || i AS s_name, 'address ' || i AS s_address, [2, 3, 6, 7, 20, 8, 12][1 + ${pick('i', 1, 7)}]::INTEGER AS s_nationkey,
    '1' || i AS s_phone, (${pick('i', 2, 1000000)} / 100.0 - 1000)::DECIMAL(15, 2) AS s_acctbal,
    CASE WHEN i % 11 = 3 THEN 'Customer slow Complaints' ELSE 'fine' END AS s_comment FROM range(1, ${suppliers + 1}) t(i)`,
  part: `SELECT i::BIGINT AS p_partkey, ${among('i', 3, ['forest green mist', 'green lace', 'blue steel', 'forest snow', 'red lemon'])} AS p_name, 'Manufacturer#' || (1 + i % 5) AS p_mfgr,
    ${among('i', 4, ['Brand#12', 'Brand#23', 'Brand#34', 'Brand#45', 'Brand#51'])} AS p_brand,
    ${among('i', 5, ['ECONOMY ANODIZED STEEL', 'STANDARD POLISHED BRASS', 'PROMO BURNISHED COPPER', 'MEDIUM POLISHED TIN', 'SMALL PLATED BRASS'])} AS p_type,
    [3, 4, 9, 14, 15, 19, 23, 36, 45, 49][1 + ${pick('i', 6, 10)}]::INTEGER AS p_size, ${among('i', 7, ['SM CASE', 'SM BOX', 'MED BOX', 'MED BAG', 'LG CASE', 'LG PKG'])} AS p_container,
    (900 + i % 200)::DECIMAL(15, 2) AS p_retailprice, 'p' || i AS p_comment FROM range(1, ${parts + 1}) t(i)`,
  partsupp: `SELECT p::BIGINT AS ps_partkey, ${supplierOf('p', 'k')} AS ps_suppkey, ${pick('p * 4 + k', 8, 9999)} AS ps_availqty,
    (${pick('p * 4 + k', 9, 100000)} / 100.0)::DECIMAL(15, 2) AS ps_supplycost, 'ps' AS ps_comment FROM range(1, ${parts + 1}) a(p), range(4) b(k)`,
  customer: `SELECT i::BIGINT AS c_custkey, 'Customer#' || i AS c_name, 'address ' || i AS c_address, [2, 3, 6, 7, 20, 8, 12, 24][1 + ${pick('i', 10, 8)}]::INTEGER AS c_nationkey,
    ${among('i', 11, ['13', '31', '23', '29', '30', '18', '17', '25', '11'])} || '-555-' || i AS c_phone, (${pick('i', 12, 1000000)} / 100.0 - 1000)::DECIMAL(15, 2) AS c_acctbal,
    ${among('i', 13, ['BUILDING', 'AUTOMOBILE', 'MACHINERY'])} AS c_mktsegment, 'c' || i AS c_comment FROM range(1, ${customers + 1}) t(i)`,
  orders: `SELECT (i * 4)::BIGINT AS o_orderkey, (1 + ${pick('i', 14, Math.floor(customers * 0.6))})::BIGINT AS o_custkey, ${among('i', 15, ['F', 'O', 'P'])} AS o_orderstatus,
    (1000 + ${pick('i', 16, 400000)} / 100.0)::DECIMAL(15, 2) AS o_totalprice, DATE '1992-01-01' + ${pick('i', 17, 2400)} AS o_orderdate,
    ${among('i', 18, ['1-URGENT', '2-HIGH', '3-MEDIUM', '4-NOT SPECIFIED', '5-LOW'])} AS o_orderpriority, 'Clerk#' || (i % 10) AS o_clerk, 0::INTEGER AS o_shippriority,
    CASE WHEN i % 13 = 5 THEN 'special care requests' ELSE 'plain' END AS o_comment FROM range(1, ${orders + 1}) t(i)`,
  lineitem: `SELECT l_orderkey, l_partkey, ${supplierOf('l_partkey', 'k')} AS l_suppkey, l_linenumber, l_quantity, (l_quantity * (900 + l_partkey % 200))::DECIMAL(15, 2) AS l_extendedprice,
    (${pick('n', 20, 11)} / 100.0)::DECIMAL(15, 2) AS l_discount, (${pick('n', 21, 9)} / 100.0)::DECIMAL(15, 2) AS l_tax, ${among('n', 22, ['A', 'N', 'R'])} AS l_returnflag,
    ${among('n', 23, ['F', 'O'])} AS l_linestatus, ordered + (1 + ${pick('n', 24, 120)}) AS l_shipdate, ordered + (30 + ${pick('n', 25, 60)}) AS l_commitdate,
    ordered + (2 + ${pick('n', 24, 120)} + ${pick('n', 26, 30)}) AS l_receiptdate, ${among('n', 27, ['DELIVER IN PERSON', 'COLLECT COD', 'NONE'])} AS l_shipinstruct,
    ${among('n', 28, ['AIR', 'AIR REG', 'MAIL', 'SHIP', 'TRUCK'])} AS l_shipmode, 'l' AS l_comment
    FROM (SELECT (o * 4)::BIGINT AS l_orderkey, (1 + ${pick('o * 8 + line', 29, parts)})::BIGINT AS l_partkey, ${pick('o * 8 + line', 30, 4)} AS k, (line + 1)::INTEGER AS l_linenumber,
      CASE WHEN o % 97 = 1 THEN 50 ELSE 1 + ${pick('o * 8 + line', 31, 50)} END::DECIMAL(15, 2) AS l_quantity, o * 8 + line AS n, DATE '1992-01-01' + ${pick('o', 17, 2400)} AS ordered
      FROM range(1, ${orders + 1}) a(o), range(7) b(line) WHERE line < 7 AND (o % 97 = 1 OR line <= hash(o) % 7))`,
}
