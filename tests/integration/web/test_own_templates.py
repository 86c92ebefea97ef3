"""The desk shows a draft in its newsletter's own form, as it lies on the disk at that moment."""

from __future__ import annotations

from pathlib import Path

from tests.integration.web.staging import SLUG, run, standing
from tests.integration.web.test_desk import drafted


def test_a_draft_is_shown_with_templates_of_its_own(place: Path) -> None:
    """New, changed and broken; then the page says what is wrong, and where."""
    file = place / "themes" / SLUG / "edition" / "body.txt"
    file.parent.mkdir(parents=True)

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            number = await drafted(stage)
            seen = []
            link = "{{ content.unsubscribe_url }}"
            for own in (f"OWN ONE {link}", f"OWN TWO, longer {link}", "{{ x }}"):
                file.write_text(own, "utf-8")
                seen.append((await stage.client.get(f"/desk/issues/{number}/editions/be?show=text")).text)

            assert "OWN ONE" in seen[0]
            assert "OWN TWO" in seen[1]
            assert f"themes/{SLUG}/edition/body.txt, line 1: &#39;x&#39; is undefined" in seen[2]

    run(scene())
