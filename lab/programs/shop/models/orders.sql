select 10 as id, 1 as customer_id, 19.90 as amount union all select 11, 2, 5.00
