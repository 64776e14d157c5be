from smith_lib.curate.splits import TEST, TRAIN, VALIDATION, drawn, project, splits
from smith_lib.settings import PublishSettings

SETTINGS = PublishSettings(validation_share=0.1, test_share=0.2)
REPOS = [f"owner{n}/project{n}" for n in range(300)]


def test_shares_are_about_those_of_the_settings():
    found = list(splits(REPOS, SETTINGS).values())
    assert 0.13 < found.count(TEST) / 300 < 0.27
    assert 0.05 < found.count(VALIDATION) / 300 < 0.15
    assert set(found) == {TRAIN, VALIDATION, TEST}


def test_a_project_stays_in_its_split_whatever_comes_beside_it_or_is_set():
    before = splits(REPOS[:50], SETTINGS)
    after = splits(REPOS[20:], PublishSettings(test_share=0.6), before)
    assert {name: after[name] for name in before} == before
    assert splits(reversed(REPOS), SETTINGS) == splits(REPOS, SETTINGS)


def test_few_projects_are_all_in_train_and_stay_there_when_more_come():
    night = splits(REPOS[:9], SETTINGS)
    assert set(night.values()) == {TRAIN}
    later = splits(REPOS, SETTINGS, night)
    assert {later[name] for name in night} == {TRAIN}
    assert set(later.values()) == {TRAIN, VALIDATION, TEST}
    assert any(drawn(name, SETTINGS) != TRAIN for name in night) or len(night) < 9


def test_a_release_a_repository_and_a_fork_are_one_project():
    assert {project(name) for name in ("pypi/Foo_Bar", "owner/foo-bar", "other/foo.bar")} == {"foo-bar"}
