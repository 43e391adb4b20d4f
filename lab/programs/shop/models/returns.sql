select * from legacy_erp.returns_2026
