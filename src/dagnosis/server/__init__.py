"""The pages and the JSON API over HTTP: FastAPI around `dagnosis.pages`.

`guards` stands before everything (hosts, origins, sizes, rates), `visitors` says who asks and what they
may, `pages` and `api` answer. `app.make` puts them together, `running` serves it.
"""
