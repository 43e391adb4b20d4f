select o.id, o.amount - o.purchase_price as margin from {{ ref('orders') }} o
