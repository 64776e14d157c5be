"""What to install for what a run of a suite missed."""

import re

# Import names whose distribution is called differently.
DISTRIBUTIONS = {
    "attr": "attrs", "bs4": "beautifulsoup4", "bson": "pymongo", "cairo": "pycairo", "Crypto": "pycryptodome",
    "Cryptodome": "pycryptodomex", "cv2": "opencv-python-headless", "dateutil": "python-dateutil",
    "discord": "discord.py", "dns": "dnspython", "docx": "python-docx", "dotenv": "python-dotenv",
    "ephemeral_port_reserve": "ephemeral-port-reserve", "fitz": "pymupdf",
    "flask_sqlalchemy": "flask-sqlalchemy", "git": "gitpython", "github": "pygithub", "gi": "pygobject",
    "google.protobuf": "protobuf", "google": "protobuf", "grpc": "grpcio", "haystack": "django-haystack",
    "igraph": "python-igraph", "IPython": "ipython", "jose": "python-jose", "jwt": "pyjwt",
    "kafka": "kafka-python", "Levenshtein": "levenshtein", "ldap": "python-ldap", "lzo": "python-lzo",
    "magic": "python-magic", "markdown_it": "markdown-it-py", "memcache": "python-memcached",
    "mpl_toolkits": "matplotlib", "MySQLdb": "mysqlclient", "nacl": "pynacl", "OpenSSL": "pyopenssl",
    "PIL": "pillow", "pkg_resources": "setuptools<81", "psycopg2": "psycopg2-binary",
    "pypandoc": "pypandoc_binary", "pytest_lazyfixture": "pytest-lazy-fixture",
    "pythonjsonlogger": "python-json-logger", "railroad": "railroad-diagrams",
    "rest_framework": "djangorestframework", "ruamel": "ruamel.yaml", "serial": "pyserial",
    "skimage": "scikit-image", "sklearn": "scikit-learn", "slugify": "python-slugify",
    "snappy": "python-snappy", "socks": "pysocks", "tlz": "toolz", "usb": "pyusb",
    "websocket": "websocket-client", "wx": "wxpython", "Xlib": "python-xlib",
    "xmlrunner": "unittest-xml-reporting", "yaml": "pyyaml", "zmq": "pyzmq", "zstd": "zstandard",
    "zope": "zope.interface", "async_generator": "async-generator", "distutils": "setuptools",
    "nose": "pynose", "psycopg": "psycopg[binary]", "lazy_fixture": "pytest-lazy-fixture", "past": "future",
    "builtins": "future",
}  # fmt: skip

# Fixtures, marks, options and settings that a pytest plugin brings.
FIXTURES = {
    "mocker": "pytest-mock", "benchmark": "pytest-benchmark", "httpbin": "pytest-httpbin",
    "snapshot": "syrupy", "requests_mock": "requests-mock", "httpserver": "pytest-httpserver",
    "freezer": "pytest-freezer", "data_regression": "pytest-regressions",
    "file_regression": "pytest-regressions", "num_regression": "pytest-regressions",
    "datadir": "pytest-datadir", "shared_datadir": "pytest-datadir", "event_loop": "pytest-asyncio",
    "unused_tcp_port": "pytest-asyncio", "aiohttp_client": "pytest-aiohttp", "httpx_mock": "pytest-httpx",
    "respx_mock": "respx", "subtests": "pytest-subtests", "script_runner": "pytest-console-scripts",
    "fs": "pyfakefs", "time_machine": "time-machine", "check": "pytest-check", "db": "pytest-django",
    "settings": "pytest-django", "rf": "pytest-django", "qtbot": "pytest-qt", "anyio_backend": "anyio",
    "cases": "pytest-cases", "loop": "pytest-aiohttp", "mypy_plugin": "pytest-mypy-plugins",
    "image_regression": "pytest-regressions", "xprocess": "pytest-xprocess",
    "socket_enabled": "pytest-socket", "socket_disabled": "pytest-socket",
}  # fmt: skip
MARKS = {
    "asyncio": "pytest-asyncio", "trio": "pytest-trio", "timeout": "pytest-timeout",
    "benchmark": "pytest-benchmark", "flaky": "pytest-rerunfailures", "xdist_group": "pytest-xdist",
    "django_db": "pytest-django", "freeze_time": "pytest-freezer", "order": "pytest-order",
    "run": "pytest-ordering", "dependency": "pytest-dependency", "enable_socket": "pytest-socket",
    "disable_socket": "pytest-socket", "parametrize_with_cases": "pytest-cases", "repeat": "pytest-repeat",
    "vcr": "pytest-recording", "datafiles": "pytest-datafiles", "forked": "pytest-forked",
    "gen_test": "pytest-tornado", "twisted": "pytest-twisted",
}  # fmt: skip
OPTIONS = {
    "--cov": "pytest-cov", "--no-cov": "pytest-cov", "--asyncio-mode": "pytest-asyncio",
    "--benchmark": "pytest-benchmark", "--timeout": "pytest-timeout", "--doctest-plus": "pytest-doctestplus",
    "--doctest-rst": "pytest-doctestplus", "--mock": "pytest-mock", "--ds": "pytest-django",
    "--reuse-db": "pytest-django", "--nomigrations": "pytest-django", "--dist": "pytest-xdist",
    "--numprocesses": "pytest-xdist", "--disable-socket": "pytest-socket", "--allow": "pytest-socket",
    "--strict-asyncio": "pytest-asyncio", "--hypothesis": "hypothesis", "--snapshot": "syrupy",
    "--mpl": "pytest-mpl", "--reruns": "pytest-rerunfailures", "--forked": "pytest-forked",
    "--picked": "pytest-picked", "--codeblocks": "pytest-codeblocks",
    "--markdown-docs": "pytest-markdown-docs", "--nbval": "nbval", "--import-mode": "pytest>=6",
    "--remote-data": "pytest-remotedata", "--regtest": "pytest-regtest",
}  # fmt: skip
SETTINGS = {
    "asyncio_mode": "pytest-asyncio", "asyncio_default_fixture_loop_scope": "pytest-asyncio",
    "timeout": "pytest-timeout", "DJANGO_SETTINGS_MODULE": "pytest-django",
    "django_find_project": "pytest-django", "env": "pytest-env", "mock_use_standalone_module": "pytest-mock",
    "doctest_plus": "pytest-doctestplus", "pythonpath": "pytest>=7", "trio_mode": "pytest-trio",
    "typing_checkers": "pytest-typing", "typeguard-packages": "typeguard", "timeout_method": "pytest-timeout",
    "env_files": "pytest-dotenv", "qt_api": "pytest-qt", "twisted": "pytest-twisted",
    "mypy_ini_file": "pytest-mypy-plugins", "anyio_mode": "anyio>=4.12",
    "remote_data_strict": "pytest-remotedata",
}  # fmt: skip

_MODULE = re.compile(r"(?:ModuleNotFoundError|ImportError): No module named ['\"]?([A-Za-z_][\w.]*)['\"]?")


def missing_modules(text):
    """Names of modules that an import did not find, whole (`a.b`), in order."""
    return list(dict.fromkeys(_MODULE.findall(text)))


def distribution(module):
    """The distribution that most likely holds a module."""
    top = module.split(".")[0]
    return DISTRIBUTIONS.get(module) or DISTRIBUTIONS.get(top) or top.replace("_", "-")


def plugins(text):
    """pytest plugins whose fixture, mark, option or setting was not known."""
    found = []
    found += [FIXTURES.get(name) for name in re.findall(r"fixture '(\w+)' not found", text)]
    found += [MARKS.get(name) for name in re.findall(r"'(\w+)' not found in `markers`", text)]
    found += [MARKS.get(name) for name in re.findall(r"Unknown pytest\.mark\.(\w+)", text)]
    found += [SETTINGS.get(name) for name in re.findall(r"Unknown config option: (\S+)", text)]
    for names in re.findall(r"Missing required plugins: (.*)", text):
        found += [name.strip() for name in names.split(",")]
    for words in re.findall(r"unrecognized arguments: (.*)", text):
        for word in words.split():
            found += [dist for option, dist in OPTIONS.items() if word.startswith(option)]
    if re.search(r"async def functions are not natively supported", text):
        found.append("pytest-asyncio")
    return [name for name in dict.fromkeys(found) if name]


def wants_older_pytest(text):
    """Whether the text tells of something that pytest had and has no more."""
    return bool(
        re.search(r"\b[Pp]ytest(RemovedIn|\.Pytest(?!Collection|Unknown))\w*Warning", text)
        or re.search(r"cannot import name '\w+' from '_?pytest", text)
        or re.search(r"module '_?pytest[\w.]*' has no attribute", text)
        or re.search(r"No module named '_pytest\.", text)
        or re.search(r"PluginValidationError|unexpected keyword argument .*\(pytest", text)
    )


def warned(text):
    """Whether an error is a warning made one by the project's filters."""
    return bool(re.search(r"^E\s+(\w+\.)*\w*Warning\b", text, re.M))
