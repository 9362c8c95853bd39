"""A user at the sign-in pages of dev-entra."""

import html
import re
import urllib.parse

import requests

ADA = "ada@contoso.example"


class Browser:
    """Keeps the session's cookie and clicks on pages."""

    def __init__(self) -> None:
        self.session = requests.Session()

    def sign_in(self, url: str, user: str = ADA) -> dict[str, str]:
        """Opens `url`, chooses `user`, and returns the parameters at the redirect URI."""
        page = self.session.get(url, allow_redirects=False, timeout=30)
        if page.status_code == 200:
            page = self.click(page, user=user)
        return returned(page)

    def click(self, page: requests.Response, **fields: str) -> requests.Response:
        """Submits the form of `page` with `fields`."""
        handle = re.search(r'name="sign_in" value="([^"]+)"', page.text)
        assert handle, page.text
        return self.session.post(
            urllib.parse.urljoin(page.url, "/sign-in"),
            data={"sign_in": handle[1], **fields},
            allow_redirects=False,
            timeout=30,
        )

    def enter_code(self, url: str, code: str, user: str = ADA) -> None:
        """Enters the code of a device, and chooses `user`."""
        page = self.session.post(url, data={"user_code": code}, timeout=30)
        done = self.click(page, user=user)
        assert "You have signed in" in done.text, done.text


def returned(response: requests.Response) -> dict[str, str]:
    """What a response says to the client: in a redirect, or in a form that submits itself."""
    if response.status_code == 302:
        location = urllib.parse.urlsplit(response.headers["Location"])
        return dict(urllib.parse.parse_qsl(location.fragment or location.query))
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', response.text)
    assert fields, response.text
    return {name: html.unescape(value) for name, value in fields}
