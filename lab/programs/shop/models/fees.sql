select id, cast('12,50' as decimal(8, 2)) as fee from {{ ref('orders') }}
