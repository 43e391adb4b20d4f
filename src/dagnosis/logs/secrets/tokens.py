"""Secrets that give themselves away by their issuer's prefix or by their form.

A row is (kind, literal that stands in it, expression, what it is). The formats are those that the
issuers publish for secret scanning; lengths are lower bounds, since issuers lengthen them.
"""

from __future__ import annotations

from dagnosis.logs.secrets import plausible
from dagnosis.logs.secrets.rule import Finder, Match, Rule, Span, replaced, shape

_TABLE: tuple[tuple[str, str, str, str], ...] = (
    # --- clouds
    (
        "aws_secret_access_key",
        r"(?:AKIA|ASIA)[A-Z0-9]{12}",
        r"\b(?:AKIA|ASIA)[A-Z0-9]{16}[\s,:;|/\"']{1,4}(?P<secret>[A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+]|$)",
        "The secret beside an access key id of AWS.",
    ),
    (
        "aws_access_key_id",
        r"A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AIPA|ANPA|ANVA|APKA|AROA|ASCA",
        r"\b(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AIPA|ANPA|ANVA|APKA|AROA|ASCA)[A-Z0-9]{16,}\b",
        "Access key ids of AWS.",
    ),
    (
        "aws_session_token",
        r"IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz|FQoDYXdz|AQoDYXdz|AgoJb3JpZ2lu|AQoEXAMPLE",
        r"(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz|FQoDYXdz|AQoDYXdz|AgoJb3JpZ2lu|AQoEXAMPLE)[A-Za-z0-9+/=%]{16,}",
        "Session tokens of AWS.",
    ),
    ("aws_bedrock_key", "ABSK", r"\bABSK[A-Za-z0-9+/]{60,}=*", "API keys of Amazon Bedrock."),
    ("google_api_key", "AIza", r"\bAIza[\w\-]{30,}", "API keys of Google."),
    ("google_oauth_token", r"ya29\.", r"\bya29\.[\w.\-]{10,}", "Access tokens of Google."),
    ("google_refresh_token", "1//0", r"\b1//0[\w\-]{20,}", "Refresh tokens of Google."),
    ("google_oauth_code", "4/0A", r"\b4/0A[\w\-]{20,}", "Authorization codes of Google."),
    ("google_client_secret", "GOCSPX-", r"\bGOCSPX-[\w\-]{16,}", "Client secrets of Google."),
    ("google_hmac_key", "GOOG", r"\bGOOG[0-9][A-Z0-9]{18,}", "HMAC keys of Cloud Storage."),
    ("google_fcm_key", "AAAA", r"\bAAAA[\w\-]{7}:[\w\-]{100,}", "Server keys of FCM."),
    (
        "azure_client_secret",
        r"[0-9]Q~",
        r"[\w~.\-]{3}[0-9]Q~[\w~.\-]{28,}",
        "Client secrets of Microsoft Entra.",
    ),
    (
        "azure_key",
        r"\+ASt|ACDb|\+ABa|\+AMC|\+AIoT|\+AEh|\+ASb|AzFu|AzSe|AzCa|APIM|ACR|JQQJ99|AZDO",
        r"[\w+/\-]{36,}(?:\+ASt|ACDb|\+ABa|\+AMC|\+AIoT|\+AEh|\+ASb|AzFu|AzSe|AzCa|APIM|\+ACR|JQQJ99|AZDO)[\w+/\-]{4,}=*",
        "Keys of Azure that carry their service's signature.",
    ),
    ("digitalocean_token", "_v1_", r"\bdo[opr]_v1_[0-9a-f]{40,}", "Tokens of DigitalOcean."),
    ("heroku_key", "HRKU-", r"\bHRKU-[\w\-]{30,}", "API keys of Heroku."),
    ("alibaba_access_key_id", "LTAI", r"\bLTAI[A-Za-z0-9]{12,30}\b", "Access key ids of Alibaba."),
    ("tencent_secret_id", "AKID", r"\bAKID[A-Za-z0-9]{16,40}\b", "Secret ids of Tencent."),
    ("yandex_key", "AQVN", r"\bAQVN[\w\-]{30,}", "API keys of Yandex."),
    ("scaleway_key", "SCW", r"\bSCW[A-Z0-9]{17}\b", "Access keys of Scaleway."),
    ("flyio_token", r"fm[12]_|fo1_", r"\b(?:fm[12]_|fo1_)[\w+/=\-]{30,}", "Tokens of Fly.io."),
    ("cloudflare_key", "v1\\.0-", r"\bv1\.0-[0-9a-f]{24}-[0-9a-f]{100,}", "Keys of Cloudflare."),
    (
        "supabase_key",
        r"sbp_|sb_secret_",
        r"\b(?:sbp_[0-9a-f]{36,}|sb_secret_[\w\-]{20,})",
        "Keys of Supabase.",
    ),
    ("planetscale_token", "pscale_", r"\bpscale_[a-z]{2,8}_[\w.\-]{30,}", "Tokens of PlanetScale."),
    ("openshift_token", "sha256~", r"\bsha256~[\w\-]{40,}", "Tokens of OpenShift."),
    # --- code and packages
    (
        "github_token",
        r"gh[pousr]_|github_pat_",
        r"(?:gh[pousr]_[A-Za-z0-9_.\-]{16,}|github_pat_\w{20,})",
        "Tokens of GitHub.",
    ),
    (
        "gitlab_token",
        r"gl(?:pat|ptt|dt|rt|cbt|ft|soat|agent|imt|oas|ffct|wt|rtr)-|GR1348941",
        r"\b(?:gl(?:pat|ptt|dt|rt|cbt|ft|soat|agent|imt|oas|ffct|wt|rtr)-[\w.=\-]{12,}|GR1348941[\w\-]{16,})",
        "Tokens of GitLab.",
    ),
    (
        "bitbucket_token",
        r"ATBB|BBDC-",
        r"\b(?:ATBB[A-Za-z0-9=_\-]{20,}|BBDC-[\w+/@]{20,})",
        "Tokens of Bitbucket.",
    ),
    (
        "atlassian_token",
        r"AT[ACS]TT",
        r"\bAT[ACS]TT[A-Za-z0-9][\w=\-]{20,}",
        "Tokens of Atlassian.",
    ),
    ("npm_token", "npm_", r"\bnpm_[A-Za-z0-9]{30,}", "Tokens of npm."),
    ("pypi_token", "pypi-", r"\bpypi-[\w\-]{30,}", "Tokens of PyPI."),
    ("docker_token", "dckr_", r"\bdckr_(?:pat|oat)_[\w\-]{16,}", "Tokens of Docker Hub."),
    ("rubygems_key", "rubygems_", r"\brubygems_[0-9a-f]{40,}", "Keys of RubyGems."),
    ("nuget_key", "oy2", r"\boy2[a-z0-9]{43}\b", "Keys of NuGet."),
    ("sonar_token", r"sq[apu]_", r"\bsq[apu]_[0-9a-f]{36,}", "Tokens of SonarQube."),
    ("circleci_token", "CCIPAT_", r"\bCCIPAT_\w{20,}", "Tokens of CircleCI."),
    ("pulumi_token", "pul-", r"\bpul-[0-9a-f]{40}\b", "Tokens of Pulumi."),
    ("postman_key", "PMAK-", r"\bPMAK-[0-9a-f]{20,}-[0-9a-f]{30,}", "Keys of Postman."),
    # --- talk
    (
        "slack_token",
        r"xox[a-z]|xapp-|xwfp-",
        r"\b(?:xox[a-z](?:\.xox[a-z])?-[\w\-]{10,}|xapp-[0-9]-[\w\-]{10,}|xwfp-[\w\-]{10,})",
        "Tokens of Slack.",
    ),
    (
        "webhook",
        r"hooks\.slack(?:-gov)?\.com",
        r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/(?P<secret>[\w+/\-]{8,})",
        "Incoming webhooks of Slack.",
    ),
    (
        "webhook",
        r"/services/T",
        r"/services/T[A-Z0-9]{6,14}/B[A-Z0-9]{6,14}/(?P<secret>\w{12,})",
        "The path of such a webhook, as clients print it without the host.",
    ),
    ("salesforce_session", r"00D", r"\b00D[A-Za-z0-9]{9,15}![\w.]{40,}", "Sessions of Salesforce."),
    (
        "webhook",
        r"/api/webhooks/",
        r"/api/(?:v[0-9]+/)?webhooks/(?P<secret>[0-9]{5,}/[\w\-]{20,})",
        "Webhooks of Discord.",
    ),
    (
        "webhook",
        r"webhook\.office\.com|hooks\.zapier\.com|maker\.ifttt\.com|logic\.azure\.com|/incomingwebhook/",
        r"(?:webhook\.office\.com/webhookb2/|hooks\.zapier\.com/hooks/catch/|maker\.ifttt\.com/\S{0,80}?/key/|/incomingwebhook/)(?P<secret>[^\s\"'<>\\]{8,})",
        "Webhooks of Teams, Zapier and IFTTT.",
    ),
    (
        "discord_token",
        r"[MNO][\w\-]{23,27}\.",
        r"\b[MNO][A-Za-z0-9_\-]{22,28}\.[\w\-]{6,7}\.[\w\-]{27,45}",
        "Bot tokens of Discord.",
    ),
    (
        "telegram_token",
        r"[0-9]{8}:[A-Za-z0-9_\-]{20}",
        r"(?:\bbot|\b)(?P<secret>[0-9]{8,10}:[A-Za-z0-9_\-]{34,36})(?:[^\w\-]|$)",
        "Bot tokens of Telegram.",
    ),
    # --- pay
    (
        "stripe_key",
        r"[srp]k_(?:live|test)_|whsec_",
        r"(?:[srp]k_(?:live|test)_[A-Za-z0-9]{8,}|whsec_[A-Za-z0-9+/=]{16,})",
        "Keys and webhook secrets of Stripe.",
    ),
    (
        "square_token",
        r"sq0|EAAA",
        r"\b(?:sq0[a-z]{3}-[\w\-]{20,}|EAAA[\w\-]{56,})",
        "Tokens of Square.",
    ),
    ("shopify_token", "shp", r"\bshp(?:at|ca|pa|ss|ua|tka)_[0-9a-fA-F]{24,}", "Tokens of Shopify."),
    (
        "braintree_token",
        r"access_token\$",
        r"access_token\$\w+\$[\w$]{16,}",
        "Tokens of Braintree and PayPal.",
    ),
    ("razorpay_key", "rzp_", r"\brzp_(?:live|test)_[A-Za-z0-9]{10,}", "Keys of Razorpay."),
    ("flutterwave_key", "FLW", r"\bFLW(?:SECK|PUBK)[\w\-]{10,}", "Keys of Flutterwave."),
    (
        "plaid_token",
        r"access-(?:sandbox|production|development)-",
        r"\baccess-(?:sandbox|production|development)-[0-9a-f\-]{36}",
        "Tokens of Plaid.",
    ),
    # --- send
    ("twilio_key", r"SK[0-9a-f]{8}", r"\bSK[0-9a-fA-F]{32}\b", "API keys of Twilio."),
    ("sendgrid_key", r"SG\.", r"\bSG\.[\w\-]{12,}\.[\w\-]{12,}", "Keys of SendGrid."),
    (
        "mailgun_key",
        r"key-[0-9a-z]|[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}",
        r"\b(?:(?:priv)?key-[0-9a-zA-Z]{32}|pubkey-[0-9a-f]{32}|[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8})\b",
        "Keys of Mailgun.",
    ),
    ("mailchimp_key", r"-us[0-9]", r"\b[0-9a-f]{32}-us[0-9]{1,2}\b", "Keys of Mailchimp."),
    ("brevo_key", "xkeysib-", r"\bxkeysib-[0-9a-f]{40,}-[A-Za-z0-9]{10,}", "Keys of Brevo."),
    (
        "resend_key",
        r"\bre_[A-Za-z0-9]{8}_",
        r"\bre_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}",
        "Keys of Resend.",
    ),
    # --- data
    (
        "databricks_token",
        r"dapi|dkea|dose|dsap|dose",
        r"\b(?:dapi|dkea|dose|dsap)[0-9a-f]{30,}(?:-[0-9])?",
        "Tokens of Databricks.",
    ),
    (
        "snowflake_token",
        r"ver:[0-9]",
        r"\bver:[0-9]{1,2}-hint:[\w+/=\-]{10,}",
        "Session tokens of Snowflake.",
    ),
    (
        "airtable_token",
        r"pat[A-Za-z0-9]{14}\.",
        r"\bpat[A-Za-z0-9]{14}\.[0-9a-f]{40,}",
        "Tokens of Airtable.",
    ),
    (
        "notion_token",
        r"secret_|ntn_",
        r"\b(?:secret_[A-Za-z0-9]{40,}|ntn_[A-Za-z0-9]{36,})",
        "Tokens of Notion.",
    ),
    ("dbt_token", r"dbt[ucs]_", r"\bdbt[ucs]_[\w\-]{20,}", "Tokens of dbt Cloud."),
    ("hubspot_token", r"pat-[a-z]{2}", r"\bpat-[a-z]{2}[0-9]-[0-9a-f\-]{36}", "Tokens of HubSpot."),
    # --- watch
    (
        "newrelic_key",
        r"NR[A-Z]{2}-|NRAL",
        r"\b(?:NR(?:AK|II|IQ|JS|SP|AA|RA|BR)-[\w\-]{16,}|[0-9a-zA-Z]{36}NRAL|NRJS-[0-9a-f]{19})",
        "Keys of New Relic.",
    ),
    ("sentry_token", "sntry", r"\bsntry[a-z]{1,2}_[\w+/=\-]{20,}", "Tokens of Sentry."),
    (
        "sentry_dsn",
        r"://[0-9a-f]{32}[:@]",
        r"://(?P<secret>[0-9a-f]{32}(?::[0-9a-f]{32})?)@",
        "Keys in DSNs of Sentry.",
    ),
    ("grafana_token", r"gl(?:sa|c)_", r"\bgl(?:sa|c)_[\w+/=]{30,}", "Tokens of Grafana."),
    (
        "dynatrace_token",
        "dt0",
        r"\bdt0[a-z][0-9]{2}\.[A-Z0-9]{20,}\.[A-Z0-9]{40,}",
        "Tokens of Dynatrace.",
    ),
    ("pagerduty_key", r"u\+|pdus\+", r"(?:\bpdus\+|\bu\+)[\w+\-]{16,}", "Keys of PagerDuty."),
    # --- models
    (
        "openai_key",
        r"sk-|sess-",
        r"\b(?:sk-(?:proj|svcacct|admin|None)-[\w\-]{16,}|sk-[A-Za-z0-9]{20,}|sess-[A-Za-z0-9]{30,})",
        "Keys of OpenAI and of services with the same format.",
    ),
    ("anthropic_key", "sk-ant-", r"\bsk-ant-[\w\-]{10,}", "Keys of Anthropic."),
    (
        "huggingface_token",
        r"hf_|api_org_",
        r"\b(?:hf_[A-Za-z0-9]{20,}|api_org_[A-Za-z0-9]{30,})",
        "Tokens of Hugging Face.",
    ),
    ("groq_key", "gsk_", r"\bgsk_[A-Za-z0-9]{40,}", "Keys of Groq."),
    ("replicate_token", "r8_", r"\br8_[A-Za-z0-9]{30,}", "Tokens of Replicate."),
    (
        "model_key",
        r"pplx-|xai-|lsv2_|pcsk_|fw_|csk-|nvapi-",
        r"\b(?:pplx-|xai-|lsv2_[a-z]{2}_|pcsk_|fw_|csk-|nvapi-)[\w\-]{24,}",
        "Keys of Perplexity, xAI, LangSmith, Pinecone, Fireworks, Cerebras, NVIDIA.",
    ),
    # --- vaults and identity
    (
        "vault_token",
        r"hv[sbr]\.|\b[sbr]\.[A-Za-z0-9]{24}",
        r"\bhv[sbr]\.[\w\-]{20,}|\b[sbr]\.[A-Za-z0-9]{24}\b",
        "Tokens of HashiCorp Vault.",
    ),
    (
        "terraform_token",
        r"atlasv1",
        r"\b[A-Za-z0-9]{10,}\.atlasv1\.[\w=\-]{20,}",
        "Tokens of Terraform Cloud.",
    ),
    (
        "doppler_token",
        r"dp\.",
        r"\bdp\.(?:pt|st|ct|sa|scim|audit)\.[\w.\-]{30,}",
        "Tokens of Doppler.",
    ),
    ("onepassword_token", "ops_ey", r"\bops_ey[\w+/=\-]{40,}", "Tokens of 1Password."),
    ("tailscale_key", "tskey-", r"\btskey-[\w\-]{16,}", "Keys of Tailscale."),
    ("linear_key", "lin_", r"\blin_(?:api|oauth)_[A-Za-z0-9]{30,}", "Keys of Linear."),
    ("figma_token", r"fig[a-z]{1,2}_", r"\bfig[a-z]{1,2}_[\w\-]{36,}", "Tokens of Figma."),
    ("facebook_token", "EAA", r"\bEAA[A-Za-z0-9]{80,}", "Tokens of Facebook."),
    ("twitter_token", r"AAAAAAAAAAAAAAAAAAAA", r"\bA{20}[\w%]{30,}", "Bearer tokens of Twitter."),
    ("mapbox_token", r"[sp]k\.eyJ", r"\b[sp]k\.eyJ[\w\-]{20,}\.[\w\-]{16,}", "Tokens of Mapbox."),
    (
        "jwt",
        r"eyJ",
        r"\beyJ[\w\-]{10,}\.[\w\-]{6,}(?:\.[\w\-]*){0,3}|\beyJ(?:hbGci|0eXAi|raWQi|4NXQi|jdHki|lbmMi)[\w.\-]{8,}",
        "JSON web tokens, also cut.",
    ),
    # --- hashes of passwords
    (
        "password_hash",
        r"\$(?:2[abxy]|apr1|argon2|scrypt|pbkdf2|y|[156])\$|\$argon2",
        r"\$(?:2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{20,}|argon2(?:id|i|d)\$[\w=,$+/.\-]{20,}|(?:apr1|[156]|y|scrypt|7)\$[\w=./$,\-]{12,})",
        "Hashes of passwords: bcrypt, argon2, crypt, htpasswd.",
    ),
    (
        "password_hash",
        r"pbkdf2|scrypt:|SCRAM-SHA|\{S?SHA",
        r"\b(?:(?:django_)?pbkdf2[_:]?sha(?:1|256|512)[$:]|scrypt:[0-9:]+\$|SCRAM-SHA-(?:1|256|512)\$)[\w$:+/=.\-]{20,}|\{S?SHA(?:256|512)?\}[\w+/]{20,}=*",
        "Hashes of passwords: Django, Werkzeug, PostgreSQL, LDAP.",
    ),
    (
        "fernet_key",
        r"(?i)fernet",
        r"(?i)\bfernet[^\n]{0,80}?[^\w\-](?P<secret>[\w\-]{43}=)(?:[^=]|$)",
        "Fernet keys on a line that speaks of Fernet.",
    ),
)

# A prefix of letters and a long random body: the form that issuers converged on.
_PREFIXED = Finder(r"\b[A-Za-z]{2,12}(?:[_-][a-z0-9]{2,10}){0,2}[_-](?P<secret>[A-Za-z0-9]{32,})\b")


def _random_body(found: Match, data: bytes) -> Span | None:
    body = found["secret"][: plausible.WINDOW].decode("ascii")
    if found[0].lower().startswith((b"job", b"bquxjob", b"sha", b"md5", b"query")):
        return None
    if not plausible.opaque(body) or plausible.entropy(body) < 4:
        return None
    return found.span()


RULES: tuple[Rule, ...] = (
    *(shape(kind, trigger, expression, about) for kind, trigger, expression, about in _TABLE),
    Rule(
        "token",
        "Any other token of the form prefix_body, with 32 or more random letters and digits.",
        r"[A-Za-z][_-][A-Za-z0-9]{32}",
        lambda data: replaced(_PREFIXED, data, "token", _random_body),
    ),
)
