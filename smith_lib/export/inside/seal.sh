# Makes the repository's image into a task's: the bug is in, the hidden tests are out, one commit, and nothing left
# that tells of the code before. Runs once, as root, while the image is built.
set -eu
here=/opt/smith-task
cd /testbed
cp -R --no-preserve=mode,ownership "$here/buggy/." .
if [ -e "$here/hidden.patch" ]; then
    git apply -R --whitespace=nowarn "$here/hidden.patch"
fi
# Bytecode and caches of the clean code, and what building left behind.
find /testbed /opt/venv /home /root /tmp -xdev -depth \
    \( -type d \( -name __pycache__ -o -name .pytest_cache -o -name .mypy_cache -o -name .ruff_cache \
       -o -name .hypothesis -o -name .cache -o -path /testbed/build/lib -o -path '/testbed/build/bdist.*' \) \
    -o -type f \( -name '*.pyc' -o -name '*.pyo' -o -name '*.whl' -o -name '*.egg' \) -path '/testbed/*' -newer /etc/passwd \
    -o -type f -name '*.pyc' \) \
    -exec rm -rf {} +
find /testbed -name .git -prune -exec rm -rf {} +
export GIT_AUTHOR_DATE=2000-01-01T00:00:00Z GIT_COMMITTER_DATE=2000-01-01T00:00:00Z
git config --system --add safe.directory /testbed
git init -q --template= --initial-branch=main
git config user.name task
git config user.email task@localhost
git config core.logAllRefUpdates false
git add -A -f .
git commit -q --no-verify -m 'The code'
git config --unset core.logAllRefUpdates
git gc -q --prune=now
rm -rf .git/logs .git/COMMIT_EDITMSG
chown -R -h smith:smith .git
git ls-files -z | xargs -0 chown -h smith:smith --
rm -rf "$here"
