select 1 as id, 'DE' as country union all select 2, 'FR'
