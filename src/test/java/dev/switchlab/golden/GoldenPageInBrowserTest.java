package dev.switchlab.golden;

import dev.switchlab.testing.Browser;
import dev.switchlab.testing.NeedsBrowser;
import dev.switchlab.testing.PageChecks;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The report of golden cases as a person sees it. */
@NeedsBrowser
class GoldenPageInBrowserTest {

    @TempDir
    private Path folder;

    @Test
    void passedFailedAndBrokenCases(Browser browser) throws IOException {
        Path file = folder.resolve("golden.html");
        GoldenReportTest.report().write(file);
        PageChecks.check(browser, file);
    }
}
