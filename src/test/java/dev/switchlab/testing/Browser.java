package dev.switchlab.testing;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.openqa.selenium.By;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.json.Json;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** The machine's own Chromium, headless, with an empty profile of its own. Nothing is downloaded for it. */
public final class Browser implements AutoCloseable {

    private static final List<String> CHROMIUM = List.of("chromium", "chromium-browser", "google-chrome");
    private static final List<String> DRIVER = List.of("chromedriver");

    /**
     * Warns about every browser newer than Selenium, for a feature that is not used here. A logger without a reference
     * loses its level.
     */
    private static final Logger VERSION_WARNINGS = Logger.getLogger("org.openqa.selenium.devtools.CdpVersionFinder");

    /** A desktop's window, a phone's, and a sheet of A4 within its margins. */
    public enum Screen {
        DESKTOP(1400, 1000, false),
        PHONE(390, 844, true),
        PAPER(688, 1000, false);

        private final int width;
        private final int height;
        private final boolean isMobile;

        Screen(int width, int height, boolean isMobile) {
            this.width = width;
            this.height = height;
            this.isMobile = isMobile;
        }
    }

    private final ChromeDriver driver;

    private Browser(ChromeDriver driver) {
        this.driver = driver;
    }

    /** What is missing on this machine, and how to install it; empty if a browser can start. */
    static Optional<String> missing() {
        return find(CHROMIUM).isPresent() && find(DRIVER).isPresent()
                ? Optional.empty()
                : Optional.of("browser tests are skipped: no chromium and chromedriver on the PATH;"
                        + " Debian and Ubuntu: apt-get install chromium chromium-driver");
    }

    /** Starts a browser with the given profile folder. */
    static Browser start(Path profile) {
        VERSION_WARNINGS.setLevel(Level.SEVERE);
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        logs.enable(LogType.PERFORMANCE, Level.ALL);
        ChromeOptions options = new ChromeOptions();
        // With both programs named, Selenium searches for neither, on this machine or on the network.
        options.setBinary(find(CHROMIUM).orElseThrow().toFile());
        options.setCapability("goog:loggingPrefs", logs);
        options.addArguments(
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                "--user-data-dir=" + profile);
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(find(DRIVER).orElseThrow().toFile())
                .usingAnyFreePort()
                .build();
        return new Browser(new ChromeDriver(service, options));
    }

    private static Optional<Path> find(List<String> programs) {
        return programs.stream()
                .flatMap(program -> Arrays.stream(Optional.ofNullable(System.getenv("PATH"))
                                .orElse("")
                                .split(File.pathSeparator))
                        .filter(folder -> !folder.isBlank())
                        .map(folder -> Path.of(folder, program)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Loads {@code page} on {@code screen}, and forgets what was logged before. */
    public void open(Path page, Screen screen) {
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of(
                        "width",
                        screen.width,
                        "height",
                        screen.height,
                        "deviceScaleFactor",
                        1,
                        "mobile",
                        screen.isMobile));
        driver.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("media", screen == Screen.PAPER ? "print" : ""));
        driver.get("about:blank");
        complaints();
        requests();
        driver.get(page.toUri().toString());
    }

    /**
     * Loads {@code page} as MLflow's artifact viewer shows it: from a blob, in a frame that may run scripts but has no
     * origin. What is asked of the browser from then on is asked of the frame, until a page is opened.
     */
    public void openAsArtifact(Path page, Path blankPage, Screen screen) throws IOException {
        open(blankPage, screen);
        await("""
                const frame = document.createElement('iframe');
                frame.sandbox = 'allow-scripts';
                frame.style = 'width: 100%; height: 700px';
                frame.onload = arguments[1];
                frame.src = URL.createObjectURL(new Blob([arguments[0]], {type: 'text/html'}));
                document.body.append(frame);
                """, Files.readString(page));
        driver.switchTo().frame(0);
    }

    /** Clicks on the first element that fits {@code selector}. */
    public void click(String selector) {
        driver.findElement(By.cssSelector(selector)).click();
    }

    /** What the page wrote to its console since it was opened. */
    public List<String> complaints() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .map(LogEntry::getMessage)
                .toList();
    }

    /** The addresses that the page asked for since it was opened. */
    public List<String> requests() {
        List<String> urls = new ArrayList<>();
        for (LogEntry entry : driver.manage().logs().get(LogType.PERFORMANCE)) {
            Map<?, ?> message =
                    (Map<?, ?>) ((Map<?, ?>) new Json().toType(entry.getMessage(), Map.class)).get("message");
            if ("Network.requestWillBeSent".equals(message.get("method"))) {
                Map<?, ?> request = (Map<?, ?>) ((Map<?, ?>) message.get("params")).get("request");
                urls.add((String) request.get("url"));
            }
        }
        return urls;
    }

    /** The value of a script's {@code return}. */
    public Object evaluate(String script, Object... arguments) {
        return driver.executeScript(script, arguments);
    }

    /** What a script hands to its callback, which is its last argument. */
    public Object await(String script, Object... arguments) {
        return driver.executeAsyncScript(script, arguments);
    }

    /** The value of a script's {@code return}, a list of strings. */
    public List<String> strings(String script, Object... arguments) {
        return ((List<?>) evaluate(script, arguments))
                .stream().map(String.class::cast).toList();
    }

    /** The whole page, from its top to its end, as PNG. */
    public void screenshot(Path file) throws IOException {
        List<?> size = (List<?>)
                evaluate(
                        "const d = document.documentElement; return [d.clientWidth, Math.max(d.scrollHeight, d.clientHeight)];");
        Object picture = driver.executeCdpCommand(
                        "Page.captureScreenshot",
                        Map.of(
                                "captureBeyondViewport",
                                true,
                                "clip",
                                Map.of("x", 0, "y", 0, "width", size.get(0), "height", size.get(1), "scale", 1)))
                .get("data");
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.write(file, Base64.getDecoder().decode((String) picture));
    }

    @Override
    public void close() {
        driver.quit();
    }
}
