package dev.switchlab.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.testing.Browser.Screen;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/** Checks that every page must pass. */
public final class PageChecks {

    private static final Path SCREENSHOTS = Path.of("target/screenshots");

    private PageChecks() {}

    /**
     * Opens {@code page} on each screen. Checks that the page prints nothing to the console, requests nothing but
     * itself, is no wider than the screen, and squeezes no table cell. Keeps screenshots in {@code target/screenshots}.
     */
    public static void check(Browser browser, Path page) throws IOException {
        for (Screen screen : Screen.values()) {
            browser.open(page, screen);
            if (screen == Screen.PAPER) {
                browser.evaluate("document.querySelectorAll('details').forEach(folded => folded.open = true)");
            }
            browser.screenshot(
                    SCREENSHOTS.resolve(name(page) + "-" + screen.name().toLowerCase(java.util.Locale.ROOT) + ".png"));
            assertThat(browser.complaints())
                    .as("console of " + page + " on " + screen)
                    .isEmpty();
            assertThat(browser.requests())
                    .as("requests of " + page)
                    .isNotEmpty()
                    .allMatch(url ->
                            url.equals(page.toUri().toString()) || url.startsWith("data:") || url.startsWith("blob:"));
            assertThat(browser.strings(TOO_WIDE))
                    .as("what is wider than " + screen + " in " + page)
                    .isEmpty();
            assertThat(browser.strings(NOT_FITTING))
                    .as("figures on " + screen + " in " + page)
                    .isEmpty();
            assertThat(browser.strings(TOO_NARROW))
                    .as("cells squeezed on " + screen + " in " + page)
                    .isEmpty();
        }
    }

    /** Figures that do not show all of their width; on a wide screen, pairs that stand one above the other. */
    private static final String NOT_FITTING = """
            const figures = [...document.querySelectorAll('main > figure')];
            const cut = figures.filter(f => f.querySelector('.scroll').scrollWidth > f.clientWidth + 1);
            const pairs = figures.filter(f => f.nextElementSibling?.matches('figure'));
            const beside = f => f.getBoundingClientRect().top === f.nextElementSibling.getBoundingClientRect().top;
            return cut.map(f => f.id).concat(innerWidth < 1100 || !pairs.length || pairs.some(beside) ? [] : ['one column']);
            """;

    /** Cells of tables where words are broken into single letters. */
    private static final String TOO_NARROW = """
            return [...document.querySelectorAll('th, td')]
                .filter(cell => cell.textContent.length > 3 && cell.clientWidth && cell.clientWidth < 30)
                .map(cell => cell.textContent);
            """;

    /** Elements that reach beyond the screen, except inside an element that scrolls. */
    private static final String TOO_WIDE = """
            const d = document.documentElement;
            if (d.scrollWidth <= d.clientWidth) return [];
            return [...document.querySelectorAll('body *')]
                .filter(e => e.getBoundingClientRect().right > d.clientWidth + 1 && !e.closest('.scroll, .output, pre'))
                .map(e => e.tagName + ' ' + e.className + ' ' + Math.round(e.getBoundingClientRect().right))
                .concat(['the page is ' + d.scrollWidth + ' wide']);
            """;

    /**
     * Checks drawings as they look in the browser with its own fonts: each has painted marks, its labels lie inside it,
     * and no two of them overlap.
     */
    public static void checkDrawings(Browser browser, Path blankPage, Collection<String> drawings) {
        browser.open(blankPage, Screen.DESKTOP);
        List<String> all = List.copyOf(drawings);
        assertThat((List<?>) browser.await(COLORED, all))
                .as("colored pixels of each drawing")
                .hasSize(all.size())
                .allSatisfy(count -> assertThat(((Number) count).intValue()).isGreaterThan(100));
        for (String drawing : all) {
            assertThat(browser.strings(LABELS, drawing))
                    .as(drawing.substring(0, Math.min(160, drawing.length())))
                    .isEmpty();
        }
    }

    /**
     * Number of pixels of each drawing, shown as an image, that are neither white nor gray (titles and axes are gray).
     */
    private static final String COLORED = """
            const done = arguments[arguments.length - 1];
            Promise.all(arguments[0].map(async svg => {
              const image = new Image();
              image.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(svg);
              await image.decode();
              const canvas = document.createElement('canvas');
              canvas.width = 680;
              canvas.height = 400;
              const context = canvas.getContext('2d');
              context.drawImage(image, 0, 0, 680, 400);
              const pixels = context.getImageData(0, 0, 680, 400).data;
              let colored = 0;
              for (let i = 0; i < pixels.length; i += 4) {
                const [r, g, b] = [pixels[i], pixels[i + 1], pixels[i + 2]];
                if (pixels[i + 3] && Math.max(r, g, b) - Math.min(r, g, b) > 40) colored++;
              }
              return colored;
            })).then(done, error => done([String(error)]));
            """;

    private static final String LABELS = """
            document.body.innerHTML = arguments[0];
            const svg = document.querySelector('svg');
            const frame = svg.getBoundingClientRect();
            const labels = [...svg.querySelectorAll('text')].map(e => ({text: e.textContent, box: e.getBoundingClientRect()}));
            const problems = [];
            labels.forEach(({text, box}, i) => {
              if (box.left < frame.left || box.right > frame.right || box.top < frame.top || box.bottom > frame.bottom) {
                problems.push(`"${text}" is cut`);
              }
              for (const other of labels.slice(i + 1)) {
                const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
                const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
                if (across > 1 && down > 4) problems.push(`"${text}" overlaps "${other.text}"`); // boxes are higher than letters
              }
            });
            return problems;
            """;

    private static String name(Path page) {
        return page.getFileName().toString().replaceAll("\\.[^.]*$", "");
    }
}
