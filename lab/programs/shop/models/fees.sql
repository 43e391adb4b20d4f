{{ config(materialized='table') }}
select id, cast('12,50 EUR' as decimal(8, 2)) as fee from {{ ref('orders') }}
