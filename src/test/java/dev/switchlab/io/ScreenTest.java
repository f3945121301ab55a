package dev.switchlab.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** What reaches a terminal. */
class ScreenTest {

    private static final String EVIL = "a\u001b[31mb\u0007\u009b\r\u202ec\td";
    private static final String SEEN = "a\uFFFD[31mb\uFFFD\uFFFD\uFFFD\uFFFDc\td";

    @Test
    void controlCharactersAreNotObeyed() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PrintStream screen = Screen.of(bytes)) {
            screen.print(EVIL);
            screen.println(EVIL);
            screen.printf(Locale.ROOT, "%s, %d%n", EVIL, 3);
            screen.println((Object) EVIL);
            screen.print('\u001b');
            Screen.raw(screen).print("\u001b[K");
        }
        assertThat(bytes.toString(StandardCharsets.UTF_8))
                .isEqualTo(SEEN + SEEN + "\n" + SEEN + ", 3\n" + SEEN + "\n\uFFFD\u001b[K");
    }

    @Test
    void longLinesBreakAtWordsBelowTheirText() {
        assertThat(Screen.folded("promise     the same bits on a CPU with the same versions", 40))
                .isEqualTo("""
                promise     the same bits on a CPU with
                            the same versions""");
        assertThat(Screen.folded("switchlab: one two three four", 24))
                .isEqualTo("switchlab: one two three\n           four");
        assertThat(Screen.folded("file " + "x".repeat(30) + " end", 20)).isEqualTo("file\n" + "x".repeat(30) + "\nend");
        assertThat(Screen.folded("x".repeat(30), 20)).isEqualTo("x".repeat(30));
    }
}
