"""http-fetch URL -o FILE in Python 3: saves a page of any length with the standard library."""

import shutil
import sys
import urllib.request

_, url, _, name = sys.argv
with urllib.request.urlopen(url) as page, open(name, "wb") as file:
    shutil.copyfileobj(page, file)
