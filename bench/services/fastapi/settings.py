"""Settings from the environment."""

import os

AUTHORITY = os.environ["AZURE_AUTHORITY_HOST"]
HOME_TENANT = os.environ["AZURE_HOME_TENANT_ID"]
CLIENT_ID = os.environ["AZURE_API_CLIENT_ID"]
CLIENT_SECRET = os.environ["AZURE_API_CLIENT_SECRET"]
AUTHORITY_CERTIFICATE = os.environ["EXTRA_CA_FILE"]
NOTIFICATION_CLIENT_ID = os.environ["AZURE_NOTIFICATION_CLIENT_ID"]
NOTIFICATION_URL = os.environ["NOTIFICATION_URL"]
AUDIT_CLIENT_ID = os.environ["AZURE_AUDIT_CLIENT_ID"]
AUDIT_URL = os.environ["AUDIT_URL"]
# A file for SQLite, or the URL of a PostgreSQL database.
DATABASE = os.environ["DATABASE"]
# `each`: obtain tokens for other services at each creation. `kept`: keep them until they expire.
TOKENS = os.environ["TOKENS"]
