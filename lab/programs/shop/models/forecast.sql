select id, amount, from_unixtim(id) as at
from {{ ref('orders') }} where amount > = 5
