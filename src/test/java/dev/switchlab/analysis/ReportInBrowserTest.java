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
import java.util.Set;
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
        assertThat(check(browser, "run-4-experts", page -> FakeReports.run(page, 2, 4)))
                .startsWith("losses", "load-balancing-loss")
                .containsAll(OF_EXPERTS);
        assertThat(browser.strings(MARKS))
                .contains("losses 4", "router-entropy 2", "dropped-share 4", "load-on-text 8", "expert-similarity 6");
    }

    /**
     * Sixteen colors are too many to tell apart: a heat map instead of bars, and styles of the text that all differ.
     */
    @Test
    void sixteenExperts(Browser browser) throws IOException {
        assertThat(check(browser, "run-16-experts", page -> FakeReports.run(page, 6, 16)))
                .containsAll(OF_EXPERTS);
        assertThat(browser.strings(MARKS)).contains("router-entropy 6");
        for (String matrix : List.of("co-activation", "expert-similarity")) {
            assertThat(texts(browser, "#" + matrix + " text[text-anchor=\"end\"]"))
                    .containsAll(
                            IntStream.range(0, 16).mapToObj(Integer::toString).toList());
        }
        assertThat(browser.strings("""
                return [...document.querySelectorAll('.key[class*=" e"]')]
                    .map(key => getComputedStyle(key).backgroundColor + getComputedStyle(key).borderBottom)""")).hasSize(16).doesNotHaveDuplicates();
    }

    @Test
    void denseModel(Browser browser) throws IOException {
        assertThat(check(browser, "run-dense", page -> FakeReports.run(page, 0, 1)))
                .containsExactly("losses");
        assertThat(browser.strings("return [document.body.innerText]").get(0))
                .contains("This model is dense", FakeReports.NAME, "Provenance");
    }

    @Test
    void comparison(Browser browser) throws IOException {
        assertThat(check(browser, "compare", FakeReports::comparison)).startsWith("score", "training", "validation");
    }

    /** Means with intervals along one axis; lines with bands, as many as settings. */
    @Test
    void sweepOfOneParameter(Browser browser) throws IOException {
        assertThat(check(browser, "sweep-of-one", page -> FakeReports.sweep(page, 5, 0.001)))
                .startsWith("score", "training", "validation")
                .contains("router-entropy");
        assertThat(texts(browser, "#score text")).containsSubsequence("1", "2", "4", "8", "16", "model.n_experts");
        assertThat(texts(browser, "#training .band")).hasSize(5);
    }

    /** A heat map over two axes; of twelve settings eight are drawn as curves. */
    @Test
    void sweepOfTwoParameters(Browser browser) throws IOException {
        check(browser, "sweep-of-two", page -> FakeReports.sweep(page, 4, 0, 0.001, 0.01));
        assertThat(browser.strings(
                        "return [...document.querySelectorAll('#score .frame')].map(e => e.getAttribute('stroke'))"))
                .containsExactly("#fff", "#000");
        assertThat(texts(browser, "#training .band")).hasSize(8);
        assertThat(browser.strings("return [document.body.innerText]").get(0))
                .contains("Of 12 settings, the 7 with the least validation loss are drawn");
    }

    @Test
    void figuresNeedNoScript(Browser browser) throws IOException {
        Path page = folder.resolve("paper.html");
        Map<String, String> drawings = FakeReports.run(page, 2, 4);
        Files.writeString(page, Files.readString(page).replaceAll("(?s)<script>.*?</script>", ""));
        for (Screen screen : List.of(Screen.PAPER, Screen.PHONE)) {
            browser.open(page, screen);
            assertThat(browser.strings(MARKS)).hasSize(drawings.size()).allMatch(figure -> !figure.endsWith(" 0"));
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

    private interface Report {
        /** Returns the drawings by name. */
        Map<String, String> write(Path page) throws IOException;
    }

    /** Checks a page and its drawings, and leaves the page open. */
    private Set<String> check(Browser browser, String name, Report report) throws IOException {
        Path page = folder.resolve(name + ".html");
        Map<String, String> drawings = report.write(page);
        PageChecks.checkDrawings(browser, blank(), drawings.values());
        PageChecks.check(browser, page);
        for (Screen screen : List.of(Screen.DESKTOP, Screen.PHONE)) {
            browser.open(page, screen);
            assertThat(browser.strings(MARKS)).isNotEmpty().allMatch(figure -> !figure.endsWith(" 0"));
            assertThat(browser.strings(SILENT))
                    .as("silent figures of " + page + " on " + screen)
                    .isEmpty();
        }
        String links =
                "return [...document.querySelectorAll('nav a')].map(a => String(!!document.querySelector(a.hash)))";
        assertThat(browser.strings(links)).isNotEmpty().containsOnly("true");
        return drawings.keySet();
    }

    /** The text of every element that fits {@code selector}. */
    private static List<String> texts(Browser browser, String selector) {
        return browser.strings("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector);
    }
}
