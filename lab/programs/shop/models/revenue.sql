select c.country, sum(o.amount) as revenue
from {{ ref('orders') }} o join {{ ref('customers') }} c on c.id = o.customer_id group by 1
