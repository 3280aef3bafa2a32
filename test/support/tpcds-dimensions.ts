/**
 * TPC-DS dimension tables from seeds alone: the official columns and types, few rows, and values that the constants of the queries ask for. Used by
 * `tpcds-tables.ts`, which adds the facts.
 */
import { among, pick, texts } from './seeded-sql.js'

export const items = 200
export const customers = 150
export const addresses = 100
export const stores = 6
export const demographics = 210
export const households = 360
export const promotions = 20
export const warehouses = 4
export const sites = 6
export const pages = 12
export const centers = 4
export const reasons = 30
export const modes = 8

/** A day of 1998-01-01 and later as its key. */
export const firstDay = 2450815
const day = (d: string) => `(${firstDay} + date_diff('day', DATE '1998-01-01', ${d}))::INTEGER`

/** Postal codes that the queries name, and some that they do not. */
const zips = ['24128', '24128', '76232', '85669', '35576', '86197', '31904']
const states = ['GA', 'GA', 'IL', 'IL', 'TX', 'OH', 'KY', 'IN', 'NM', 'MS']
const counties = ['Rush County', 'Toole County', 'Jefferson County', 'La Porte County', 'Bronx County', 'Orange County', 'Dona Ana County']
const cities = ['Fairview', 'Midway', 'Edgewood', 'Oakland', 'Pleasant Hill']

const categories: Readonly<Record<string, readonly string[]>> = {
  Books: ['self-help', 'reference', 'computers'],
  Children: ['personal', 'infants', 'toddlers'],
  Electronics: ['portable', 'personal', 'stereo'],
  Women: ['maternity', 'fragrances', 'dresses'],
  Music: ['classical', 'rock', 'pop'],
  Men: ['pants', 'accessories', 'shirts'],
  Sports: ['football', 'golf', 'tennis'],
  Home: ['bedding', 'lighting', 'rugs'],
  Jewelry: ['birdal', 'gold', 'rings'],
  Shoes: ['mens', 'womens', 'athletic'],
}
const names = Object.keys(categories)
const classes = `[${Object.values(categories).map(texts).join(', ')}][1 + i % 10]`
const brands = `CASE WHEN i % 10 < 3 THEN ${among('i', 101, ['scholaramalgamalg #14', 'scholaramalgamalg #7', 'exportiunivamalg #9', 'scholaramalgamalg #9'])}
  WHEN i % 10 < 6 THEN ${among('i', 101, ['amalgimporto #1', 'edu packscholar #1', 'exportiimporto #1', 'importoamalg #1'])}
  ELSE ${among('i', 101, ['corpbrand #2', 'univmaxi #5', 'namelessnameless #8'])} END`
const manufacturers = [128, 977, 350, 677, 940, 694, 808, 129, 270, 821, 423, 740, 745, 750]
const colors = ['slate', 'blanched', 'burnished', 'purple', 'burlywood', 'indian', 'spring', 'floral', 'medium', 'pale', 'chiffon']
/** Marital status and education: half of the rows have a pair that a query asks for. */
const pairs = [
  ['M', 'Advanced Degree'],
  ['S', 'College'],
  ['W', '2 yr Degree'],
  ['M', 'Unknown'],
  ['D', '2 yr Degree'],
  ['M', '4 yr Degree'],
  ['W', 'Advanced Degree'],
] as const
const others = [
  ['M', 'S', 'D', 'W', 'U'],
  ['College', 'Advanced Degree', '2 yr Degree', '4 yr Degree', 'Unknown', 'Primary', 'Secondary'],
]
const pair = (which: 0 | 1) =>
  `CASE WHEN i % 4 < 2 THEN ${texts(pairs.map(p => p[which]))}[1 + (i // 4) % 7] ELSE ${among('i', 142 + which, others[which] ?? [])} END`
const address = (
  p: string,
  i: string,
  salt: number,
) => `(1 + i * 7)::VARCHAR AS ${p}_street_number, 'Main ' || i AS ${p}_street_name, 'Lane' AS ${p}_street_type,
  'Suite ' || i AS ${p}_suite_number, ${among(i, salt, cities.slice(0, 2))} AS ${p}_city, 'Williamson County' AS ${p}_county, 'TN' AS ${p}_state,
  ${among(i, salt + 1, zips)} AS ${p}_zip, 'United States' AS ${p}_country, -5::DECIMAL(5, 2) AS ${p}_gmt_offset`
const id = (i: string) => `'AAAAAAAA' || lpad((${i})::VARCHAR, 8, 'A')`
const versions = (p: string) => `DATE '1997-03-13' AS ${p}_rec_start_date, CASE WHEN i % 2 = 0 THEN DATE '2000-03-13' END AS ${p}_rec_end_date`

export const dimensions: Readonly<Record<string, string>> = {
  date_dim: `SELECT ${day('d')} AS d_date_sk, ${id('i')} AS d_date_id, d AS d_date, ((year(d) - 1900) * 12 + month(d) - 1)::INTEGER AS d_month_seq,
    (date_diff('week', DATE '1900-01-01', d) + 1)::INTEGER AS d_week_seq, ((year(d) - 1900) * 4 + quarter(d) - 1)::INTEGER AS d_quarter_seq, year(d)::INTEGER AS d_year,
    dayofweek(d)::INTEGER AS d_dow, month(d)::INTEGER AS d_moy, day(d)::INTEGER AS d_dom, quarter(d)::INTEGER AS d_qoy, year(d)::INTEGER AS d_fy_year,
    ((year(d) - 1900) * 4 + quarter(d) - 1)::INTEGER AS d_fy_quarter_seq, (date_diff('week', DATE '1900-01-01', d) + 1)::INTEGER AS d_fy_week_seq, dayname(d) AS d_day_name,
    year(d) || 'Q' || quarter(d) AS d_quarter_name, CASE WHEN month(d) = 12 AND day(d) = 25 THEN 'Y' ELSE 'N' END AS d_holiday,
    CASE WHEN dayofweek(d) IN (0, 6) THEN 'Y' ELSE 'N' END AS d_weekend, 'N' AS d_following_holiday, ${day("date_trunc('month', d)")} AS d_first_dom, ${day('last_day(d)')} AS d_last_dom,
    ${day("d - INTERVAL '1 year'")} AS d_same_day_ly, ${day("d - INTERVAL '3 months'")} AS d_same_day_lq, 'N' AS d_current_day, 'N' AS d_current_week, 'N' AS d_current_month,
    'N' AS d_current_quarter, 'N' AS d_current_year
    FROM (SELECT i, (DATE '1998-01-01' + i::INTEGER)::DATE AS d FROM range(2191) t(i))`,
  time_dim: `SELECT (i * 60)::INTEGER AS t_time_sk, ${id('i')} AS t_time_id, (i * 60)::INTEGER AS t_time, (i // 60)::INTEGER AS t_hour, (i % 60)::INTEGER AS t_minute, 0::INTEGER AS t_second,
    CASE WHEN i < 720 THEN 'AM' ELSE 'PM' END AS t_am_pm, ${texts(['third', 'first', 'second'])}[1 + (i // 480)::INTEGER] AS t_shift, 'morning' AS t_sub_shift,
    CASE WHEN i // 60 BETWEEN 6 AND 8 THEN 'breakfast' WHEN i // 60 BETWEEN 12 AND 13 THEN 'lunch' WHEN i // 60 BETWEEN 18 AND 20 THEN 'dinner' END AS t_meal_time
    FROM range(1440) t(i)`,
  item: `SELECT i::INTEGER AS i_item_sk, ${id('(i + 1) // 2')} AS i_item_id, ${versions('i')}, 'About item ' || i || CASE WHEN i % 3 = 0 THEN ' ünïcode' ELSE '' END AS i_item_desc,
    (CASE ${pick('i', 102, 4)} WHEN 0 THEN 0.99 + ${pick('i', 103, 50)} / 100.0 WHEN 1 THEN 65 + ${pick('i', 103, 900)} / 100.0 WHEN 2 THEN 70 + ${pick('i', 103, 2000)} / 100.0
      ELSE 2 + ${pick('i', 103, 9000)} / 100.0 END)::DECIMAL(7, 2) AS i_current_price, (1 + ${pick('i', 104, 5000)} / 100.0)::DECIMAL(7, 2) AS i_wholesale_cost,
    (1000001 + i % 10 * 1000 + ${pick('i', 101, 4)})::INTEGER AS i_brand_id, ${brands} AS i_brand, (1 + ${pick('i', 105, 3)})::INTEGER AS i_class_id,
    ${classes}[1 + ${pick('i', 105, 3)}] AS i_class, (1 + i % 10)::INTEGER AS i_category_id, ${texts(names)}[1 + i % 10] AS i_category,
    [${manufacturers.join(', ')}][1 + ${pick('i', 106, manufacturers.length)}]::INTEGER AS i_manufact_id, 'maker ' || ${pick('i', 106, manufacturers.length)} AS i_manufact,
    CASE WHEN i % 10 = 3 THEN 'medium' WHEN i % 10 = 5 THEN 'petite' ELSE 'N/A' END AS i_size, 'formula' AS i_formulation,
    CASE WHEN i % 10 = 3 AND i % 4 = 1 THEN 'powder' WHEN i % 10 = 5 AND i % 4 = 1 THEN 'floral' ELSE ${among('i', 107, colors)} END AS i_color,
    CASE WHEN i % 10 = 3 THEN 'Ounce' WHEN i % 10 = 5 THEN 'Dozen' ELSE 'Each' END AS i_units, 'Unknown' AS i_container, [1, 8, 28, 40][1 + ${pick('i', 108, 4)}]::INTEGER AS i_manager_id,
    'product ' || i AS i_product_name FROM range(1, ${items + 1}) t(i)`,
  customer: `SELECT i::INTEGER AS c_customer_sk, ${id('i')} AS c_customer_id, (1 + ${pick('i', 111, demographics)})::INTEGER AS c_current_cdemo_sk,
    (1 + ${pick('i', 112, households)})::INTEGER AS c_current_hdemo_sk, (1 + ${pick('i', 113, addresses)})::INTEGER AS c_current_addr_sk,
    (${firstDay} + ${pick('i', 114, 700)})::INTEGER AS c_first_shipto_date_sk, (${firstDay} + ${pick('i', 115, 700)})::INTEGER AS c_first_sales_date_sk,
    ${among('i', 116, ['Mr.', 'Mrs.', 'Dr.', 'Sir'])} AS c_salutation, CASE WHEN i % 29 <> 0 THEN ${among('i', 117, ['Ann', 'Bob', 'Chloé', 'Dan', 'Eve'])} END AS c_first_name,
    CASE WHEN i % 31 <> 0 THEN ${among('i', 118, ['Smith', 'Lee', 'Müller', 'Jones'])} END AS c_last_name, ${among('i', 119, ['Y', 'Y', 'N'])} AS c_preferred_cust_flag,
    (1 + i % 28)::INTEGER AS c_birth_day, (1 + i % 12)::INTEGER AS c_birth_month, (1930 + ${pick('i', 120, 60)})::INTEGER AS c_birth_year,
    ${among('i', 121, ['UNITED STATES', 'CANADA', 'JAPAN'])} AS c_birth_country, CASE WHEN i % 3 = 0 THEN 'login' || i END AS c_login, 'c' || i || '@example.org' AS c_email_address,
    (${firstDay} + ${pick('i', 122, 1800)})::INTEGER AS c_last_review_date_sk FROM range(1, ${customers + 1}) t(i)`,
  customer_address: `SELECT i::INTEGER AS ca_address_sk, ${id('i')} AS ca_address_id, (i * 3)::VARCHAR AS ca_street_number, 'Oak ' || i AS ca_street_name, 'Street' AS ca_street_type,
    'Suite ' || i AS ca_suite_number, ${among('i', 131, cities)} AS ca_city, CASE WHEN i % 4 = 0 THEN 'Williamson County' ELSE ${among('i', 132, counties)} END AS ca_county,
    CASE WHEN i % 4 = 0 THEN 'TN' WHEN i % 37 = 5 THEN NULL ELSE ${among('i', 133, states)} END AS ca_state, ${among('i', 134, zips)} AS ca_zip, 'United States' AS ca_country,
    (CASE WHEN i % 2 = 0 THEN -7 ELSE -5 END)::DECIMAL(5, 2) AS ca_gmt_offset, ${among('i', 135, ['apartment', 'condo', 'single family'])} AS ca_location_type
    FROM range(1, ${addresses + 1}) t(i)`,
  customer_demographics: `SELECT i::INTEGER AS cd_demo_sk, ${texts(['M', 'F'])}[1 + i % 2] AS cd_gender, ${pair(0)} AS cd_marital_status, ${pair(1)} AS cd_education_status,
    (500 + i % 10 * 500)::INTEGER AS cd_purchase_estimate, ${among('i', 141, ['Good', 'Low Risk', 'High Risk', 'Unknown'])} AS cd_credit_rating, (i % 7)::INTEGER AS cd_dep_count,
    (i % 3)::INTEGER AS cd_dep_employed_count, (i % 5)::INTEGER AS cd_dep_college_count FROM range(1, ${demographics + 1}) t(i)`,
  household_demographics: `SELECT i::INTEGER AS hd_demo_sk, (1 + ${pick('i', 151, 20)})::INTEGER AS hd_income_band_sk,
    ${texts(['>10000', 'Unknown', 'unknown', 'Unknown', '501-1000', '5001-10000'])}[1 + i % 6] AS hd_buy_potential, [0, 1, 2, 3, 4, 6, 7, 1, 3, 5][1 + (i // 6) % 10]::INTEGER AS hd_dep_count,
    (i // 60 - 1)::INTEGER AS hd_vehicle_count FROM range(1, ${households + 1}) t(i)`,
  income_band:
    'SELECT i::INTEGER AS ib_income_band_sk, (i * 10000 - 9999)::INTEGER AS ib_lower_bound, (i * 10000)::INTEGER AS ib_upper_bound FROM range(1, 21) t(i)',
  promotion: `SELECT i::INTEGER AS p_promo_sk, ${id('i')} AS p_promo_id, ${firstDay}::INTEGER AS p_start_date_sk, ${firstDay + 900}::INTEGER AS p_end_date_sk, i::INTEGER AS p_item_sk,
    1000::DECIMAL(15, 2) AS p_cost, 1::INTEGER AS p_response_target, 'promo ' || i AS p_promo_name, ${among('i', 161, ['Y', 'N'])} AS p_channel_dmail, ${among('i', 162, ['Y', 'N', 'N'])} AS p_channel_email,
    'N' AS p_channel_catalog, ${among('i', 163, ['Y', 'N', 'N'])} AS p_channel_tv, 'N' AS p_channel_radio, 'N' AS p_channel_press, ${among('i', 164, ['Y', 'N'])} AS p_channel_event,
    'N' AS p_channel_demo, 'details' AS p_channel_details, 'Unknown' AS p_purpose, 'N' AS p_discount_active FROM range(1, ${promotions + 1}) t(i)`,
  reason: `SELECT i::INTEGER AS r_reason_sk, ${id('i')} AS r_reason_id, 'reason ' || i AS r_reason_desc FROM range(1, ${reasons + 1}) t(i)`,
  ship_mode: `SELECT i::INTEGER AS sm_ship_mode_sk, ${id('i')} AS sm_ship_mode_id, ${texts(['EXPRESS', 'LIBRARY', 'NEXT DAY', 'OVERNIGHT', 'REGULAR', 'TWO DAY'])}[1 + i % 6] AS sm_type, 'AIR' AS sm_code,
    ${texts(['DHL', 'BARIAN', 'UPS', 'FEDEX'])}[1 + i % 4] AS sm_carrier, 'c' || i AS sm_contract FROM range(1, ${modes + 1}) t(i)`,
  warehouse: `SELECT i::INTEGER AS w_warehouse_sk, ${id('i')} AS w_warehouse_id, 'Warehouse number ' || i AS w_warehouse_name, (i * 100000)::INTEGER AS w_warehouse_sq_ft, ${address('w', 'i', 171)}
    FROM range(1, ${warehouses + 1}) t(i)`,
  store: `SELECT i::INTEGER AS s_store_sk, ${id('i')} AS s_store_id, ${versions('s')}, NULL::INTEGER AS s_closed_date_sk, ${texts(['ese', 'ought', 'able'])}[1 + i % 3] AS s_store_name,
    (195 + i * 20)::INTEGER AS s_number_employees, (i * 1000000)::INTEGER AS s_floor_space, '8AM-8PM' AS s_hours, 'Manager ' || i AS s_manager, [8, 5][1 + i % 2]::INTEGER AS s_market_id,
    'Unknown' AS s_geography_class, 'market' AS s_market_desc, 'someone' AS s_market_manager, 1::INTEGER AS s_division_id, 'Unknown' AS s_division_name, 1::INTEGER AS s_company_id,
    'Unknown' AS s_company_name, ${address('s', 'i', 181)}, 0.03::DECIMAL(5, 2) AS s_tax_precentage FROM range(1, ${stores + 1}) t(i)`,
  call_center: `SELECT i::INTEGER AS cc_call_center_sk, ${id('i')} AS cc_call_center_id, ${versions('cc')}, NULL::INTEGER AS cc_closed_date_sk, ${firstDay}::INTEGER AS cc_open_date_sk,
    ${texts(['NY Metro', 'Mid Atlantic'])}[1 + i % 2] AS cc_name, 'large' AS cc_class, (i * 10)::INTEGER AS cc_employees, (i * 1000)::INTEGER AS cc_sq_ft, '8AM-4PM' AS cc_hours, 'Manager ' || i AS cc_manager,
    i::INTEGER AS cc_mkt_id, 'class' AS cc_mkt_class, 'market' AS cc_mkt_desc, 'someone' AS cc_market_manager, 1::INTEGER AS cc_division, 'able' AS cc_division_name, 1::INTEGER AS cc_company,
    'pri' AS cc_company_name, ${address('cc', 'i', 191)}, 0.05::DECIMAL(5, 2) AS cc_tax_percentage FROM range(1, ${centers + 1}) t(i)`,
  catalog_page: `SELECT i::INTEGER AS cp_catalog_page_sk, ${id('i')} AS cp_catalog_page_id, ${firstDay}::INTEGER AS cp_start_date_sk, ${firstDay + 900}::INTEGER AS cp_end_date_sk, 'DEPARTMENT' AS cp_department,
    1::INTEGER AS cp_catalog_number, i::INTEGER AS cp_catalog_page_number, 'page' AS cp_description, 'monthly' AS cp_type FROM range(1, ${pages + 1}) t(i)`,
  web_site: `SELECT i::INTEGER AS web_site_sk, ${id('i')} AS web_site_id, ${versions('web')}, 'site_' || i // 2 AS web_name, ${firstDay}::INTEGER AS web_open_date_sk, NULL::INTEGER AS web_close_date_sk,
    'Unknown' AS web_class, 'Manager ' || i AS web_manager, i::INTEGER AS web_mkt_id, 'class' AS web_mkt_class, 'market' AS web_mkt_desc, 'someone' AS web_market_manager, i::INTEGER AS web_company_id,
    ${texts(['pri', 'able'])}[1 + i % 2] AS web_company_name, ${address('web', 'i', 201)}, 0.05::DECIMAL(5, 2) AS web_tax_percentage FROM range(1, ${sites + 1}) t(i)`,
  web_page: `SELECT i::INTEGER AS wp_web_page_sk, ${id('i')} AS wp_web_page_id, ${versions('wp')}, ${firstDay}::INTEGER AS wp_creation_date_sk, ${firstDay + 10}::INTEGER AS wp_access_date_sk,
    'N' AS wp_autogen_flag, NULL::INTEGER AS wp_customer_sk, 'http://example.org/' AS wp_url, 'order' AS wp_type, (4900 + i * 50)::INTEGER AS wp_char_count, 10::INTEGER AS wp_link_count,
    2::INTEGER AS wp_image_count, 1::INTEGER AS wp_max_ad_count FROM range(1, ${pages + 1}) t(i)`,
}
