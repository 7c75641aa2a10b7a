"""What follows from the tables of commands and settings: completion in shells, and pages of the manual."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tests"))
from stack import programs  # noqa: E402

TRY_BASH = r"""
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_sharebus
printf '%s\n' "${COMPREPLY[@]}"
"""
PAGES = ["sharebus", "sharebus-consumer", "sharebus-notifier", "sharebus.conf"]
TABLES = {  # of ops/support/settings.c
    "sharebus": {"shared", "sharebus"},
    "sharebus-consumer": {"shared", "daemon", "consumer"},
    "sharebus-notifier": {"shared", "daemon", "notifier"},
    "sharebus.conf": {"shared", "sharebus", "daemon", "consumer", "notifier"},
}
ROW = re.compile(r'\{ "([a-z-]+)",(?:\s*(?:NULL|"[^"]*"),){3}\s*"([^"]+)" \}')


def sharebus(*args):
    """Runs it with a configuration that cannot be read: help does not need one."""
    done = subprocess.run(
        [programs() / "sharebus", *args],
        env={"PATH": "/usr/bin:/bin", "SHAREBUS_CONFIG": "/nonexistent/sharebus.conf"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done


@pytest.fixture
def script(tmp_path):
    def write(shell):
        done = sharebus("completion", shell)
        assert done.returncode == 0 and not done.stderr, done
        (tmp_path / shell).write_text(done.stdout)
        return tmp_path / shell

    return write


@pytest.mark.parametrize(
    "line, offers",
    [
        (["sh"], {"sharing"}),
        (["sharing", ""], {"share", "add", "remove", "unshare", "show", "status"}),
        (["--as", "erin", "sharing", "re"], {"remove"}),
        (["--as", "=", "erin", "sharing", "re"], {"remove"}),
        (["sharing", "add", "dev", "--us"], {"--user"}),
        (["list", "-o", "j"], {"json"}),
        (["list", "--output", "=", ""], {"table", "json"}),
        (["list", "--search", ""], {""}),
        (["directory", "apply", "ops/demo.j"], {"ops/demo.json"}),
        (["completion", ""], {"bash", "zsh", "fish"}),
    ],
)
def test_bash_offers_what_can_follow(script, line, offers):
    command = ["bash", "-c", TRY_BASH, "bash", script("bash"), "sharebus", *line]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=60, check=True)
    assert set(done.stdout.split("\n")[:-1]) == offers and not done.stderr, done


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shells_understand_their_scripts(script, shell):
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell}")
    subprocess.run([shell, "-n", script(shell)], timeout=60, check=True)


def test_fish_offers_the_commands_of_a_group(script):
    if not shutil.which("fish"):
        pytest.skip("there is no fish")
    ask = f"source {script('fish')}; complete -C 'sharebus --as erin topics '"
    done = subprocess.run(["fish", "-c", ask], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("create\t") and not done.stderr, done


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_of_the_manual_tell_all(page):
    told = sharebus("manual", page).stdout
    assert told.startswith(".TH ") and ".SH NAME" in told
    words = {"sharebus": "sharing share", "sharebus-consumer": r"\-\-log\-format", "sharebus.conf": r"redis\-password"}
    words |= {"sharebus-notifier": r"give\-up\-after"}
    assert words[page] in told
    if shutil.which("groff"):
        done = subprocess.run(["groff", "-man", "-ww", "-z"], input=told, capture_output=True, text=True, check=True)
        assert not done.stderr, done.stderr


def settings_of(page):
    """The names of its settings, and the text that helps with each."""
    source = (REPO / "ops/support/settings.c").read_text()
    tables = re.findall(r"settings_(\w+)\[\] = \{\n(.*?)\n\};", source, re.S)
    return {name: text for table, rows in tables if table in TABLES[page] for name, text in ROW.findall(rows)}


def terms_of(page):
    """What the page says about each setting and flag, by its name without dashes."""
    told = sharebus("manual", page).stdout.replace(r"\-", "-").replace(r"\(aq", "'")
    return dict(re.findall(r"^\.TP\n\\fB(?:--)?(.+?)\\fR.*\n(.*)", told, re.M))


@pytest.mark.parametrize("page", PAGES)
def test_the_manual_describes_each_setting_and_flag(page):
    settings, terms = settings_of(page), terms_of(page)
    assert len(settings) > 10
    assert {name: terms.get(name) for name, text in settings.items() if text not in terms.get(name, "")} == {}
    assert [name for name, text in terms.items() if text.lstrip("-") == name or text.startswith(".")] == []


def test_a_page_or_a_shell_that_there_is_not_is_named():
    for args in (["manual", "cow"], ["completion", "csh"]):
        done = sharebus(*args)
        assert done.returncode == 2 and args[1] in done.stderr and not done.stdout, done
