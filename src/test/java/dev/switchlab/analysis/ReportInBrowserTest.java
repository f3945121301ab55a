package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.LONG;

import dev.switchlab.testing.Browser;
import dev.switchlab.testing.Browser.Screen;
import dev.switchlab.testing.NeedsBrowser;
import dev.switchlab.testing.PageChecks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reports as a person sees them: in a browser, at a desk, on a phone, on paper. */
@NeedsBrowser
class ReportInBrowserTest {

    /** Of each figure, how many marks are drawn in it: lines, dots, bars, or the shades of a heat map. */
    private static final String MARKS = """
            return [...document.querySelectorAll('figure')].map(figure => figure.id + ' ' + [...figure.querySelectorAll('.marks > :not(title)')]
                .filter(mark => mark.getBoundingClientRect().width > 0)
                .length);
            """;

    /** Figures that say nothing where their marks are pointed at. */
    private static final String SILENT = """
            return [...document.querySelectorAll('figure')].filter(figure => {
              figure.scrollIntoView({block: 'center'});
              const box = figure.querySelector('.marks').getBoundingClientRect();
              const pointedAt = document.elementFromPoint(box.x + box.width / 2 + 1, box.y + Math.min(12, box.height / 2));
              return pointedAt.tagName === 'svg' || !pointedAt.querySelector('title');
            }).map(figure => figure.id);
            """;

    private static final List<String> OF_EXPERTS = List.of(
            "load-over-time",
            "utilization-over-time",
            "max-violation",
            "router-saturation",
            "routing-unchanged",
            "dropped-share",
            "router-entropy",
            "router-confidence",
            "load-on-text",
            "specialization",
            "co-activation",
            "expert-similarity");

    @TempDir
    private Path folder;

    @Test
    void fourExperts(Browser browser) throws IOException {
        Path page = folder.resolve("run-4-experts.html");
        Map<String, String> drawings = FakeReports.run(page, 2, 4);
        assertThat(drawings.keySet())
                .startsWith("losses", "load-balancing-loss")
                .containsAll(OF_EXPERTS);
        check(browser, page, drawings);
        assertThat(marks(browser))
                .contains("losses 5", "router-entropy 2", "dropped-share 4", "load-on-text 8", "expert-similarity 6");
    }

    @Test
    void sixteenExperts(Browser browser) throws IOException {
        Path page = folder.resolve("run-16-experts.html");
        Map<String, String> drawings = FakeReports.run(page, 6, 16);
        assertThat(drawings.keySet()).containsAll(OF_EXPERTS);
        check(browser, page, drawings);
        // Sixteen colours are too many to tell apart: a heat map instead of bars, and styles of the text that all
        // differ.
        assertThat(marks(browser)).contains("router-entropy 6");
        for (String matrix : List.of("co-activation", "expert-similarity")) {
            assertThat(browser.strings("return [...document.querySelectorAll('#" + matrix
                            + " text[text-anchor=\"end\"]')].map(label => label.textContent)"))
                    .containsAll(
                            IntStream.range(0, 16).mapToObj(Integer::toString).toList());
        }
        assertThat(browser.strings("""
                return [...document.querySelectorAll('.key[class*=" e"]')]
                    .map(key => getComputedStyle(key).backgroundColor + getComputedStyle(key).borderBottom)""")).hasSize(16).doesNotHaveDuplicates();
    }

    @Test
    void denseModel(Browser browser) throws IOException {
        Path page = folder.resolve("run-dense.html");
        Map<String, String> drawings = FakeReports.run(page, 0, 1);
        assertThat(drawings.keySet()).containsExactly("losses");
        check(browser, page, drawings);
        assertThat(browser.strings("return [document.body.innerText]").get(0))
                .contains("This model is dense", FakeReports.NAME, "Provenance");
    }

    @Test
    void comparison(Browser browser) throws IOException {
        Path page = folder.resolve("compare.html");
        Map<String, String> drawings = FakeReports.comparison(page);
        check(browser, page, drawings);
        assertThat(drawings.keySet()).startsWith("score", "training", "validation");
    }

    /** Means with intervals along one axis; lines with bands, as many as settings. */
    @Test
    void sweepOfOneParameter(Browser browser) throws IOException {
        Path page = folder.resolve("sweep-of-one.html");
        Map<String, String> drawings = FakeReports.sweep(page, 5, 0.001);
        check(browser, page, drawings);
        assertThat(drawings.keySet())
                .startsWith("score", "training", "validation")
                .contains("router-entropy");
        assertThat(browser.strings(
                        "return [...document.querySelectorAll('#score text')].map(label => label.textContent)"))
                .containsSubsequence("1", "2", "4", "8", "16", "model.n_experts");
        assertThat(browser.evaluate("return document.querySelectorAll('#training .band').length"))
                .isEqualTo(5L);
    }

    /** A heat map over two axes; of twelve settings eight are drawn as curves. */
    @Test
    void sweepOfTwoParameters(Browser browser) throws IOException {
        Path page = folder.resolve("sweep-of-two.html");
        Map<String, String> drawings = FakeReports.sweep(page, 4, 0, 0.001, 0.01);
        check(browser, page, drawings);
        assertThat(browser.strings(
                        "return [...document.querySelectorAll('#score .frame')].map(e => e.getAttribute('stroke'))"))
                .containsExactly("#fff", "#000");
        assertThat(browser.evaluate("return document.querySelectorAll('#training .band').length"))
                .isEqualTo(8L);
        assertThat(browser.strings("return [document.body.innerText]").get(0))
                .contains("Of 12 settings, the 7 with the least final/cross_entropy are drawn");
    }

    @Test
    void figuresNeedNoScript(Browser browser) throws IOException {
        Path page = folder.resolve("paper.html");
        Map<String, String> drawings = FakeReports.run(page, 2, 4);
        Files.writeString(page, Files.readString(page).replaceAll("(?s)<script>.*?</script>", ""));
        for (Screen screen : List.of(Screen.PAPER, Screen.PHONE)) {
            browser.open(page, screen);
            assertThat(marks(browser)).hasSize(drawings.size()).allMatch(figure -> !figure.endsWith(" 0"));
        }
    }

    @Test
    void contentsLeadToTheirSectionsInMlflowsViewer(Browser browser) throws IOException {
        Path page = folder.resolve("artifact.html");
        FakeReports.run(page, 2, 4);
        browser.openAsArtifact(page, blank(), Screen.DESKTOP);
        assertThat(browser.evaluate(TOP_OF_LAST_SECTION)).asInstanceOf(LONG).isGreaterThan(2000);
        browser.click("nav a:last-child");
        assertThat(browser.evaluate(TOP_OF_LAST_SECTION)).asInstanceOf(LONG).isBetween(-1L, 700L);
        // Where the browser can follow a link by itself, its address says where it is.
        browser.open(page, Screen.DESKTOP);
        browser.click("nav a:last-child");
        assertThat(browser.evaluate(TOP_OF_LAST_SECTION)).asInstanceOf(LONG).isBetween(-1L, 1000L);
        assertThat((String) browser.evaluate("return location.hash")).startsWith("#section-");
    }

    private static final String TOP_OF_LAST_SECTION =
            "return Math.round([...document.querySelectorAll('h2')].pop().getBoundingClientRect().top)";

    private Path blank() throws IOException {
        return Files.writeString(folder.resolve("blank.html"), "<!DOCTYPE html><body></body>");
    }

    private void check(Browser browser, Path page, Map<String, String> drawings) throws IOException {
        PageChecks.checkDrawings(browser, blank(), drawings.values());
        PageChecks.check(browser, page);
        for (Screen screen : List.of(Screen.DESKTOP, Screen.PHONE)) {
            browser.open(page, screen);
            assertThat(marks(browser)).isNotEmpty().allMatch(figure -> !figure.endsWith(" 0"));
            assertThat(browser.strings(SILENT))
                    .as("silent figures of " + page + " on " + screen)
                    .isEmpty();
        }
        assertThat(
                        browser.strings(
                                "return [...document.querySelectorAll('nav a')].map(a => String(!!document.querySelector(a.hash)))"))
                .isNotEmpty()
                .containsOnly("true");
    }

    private static List<String> marks(Browser browser) {
        return browser.strings(MARKS);
    }
}
