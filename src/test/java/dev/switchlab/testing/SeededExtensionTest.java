package dev.switchlab.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Every failure prints the command that repeats it, with its seed if it was given one. */
class SeededExtensionTest {

    /** Not found by the build, which leaves nested classes out. */
    static class Failing {

        @Test
        void seeded(@Seeded(17) long seed) {
            assertThat(seed).isNotEqualTo(Long.getLong(SeededExtension.PROPERTY, 17));
        }

        @Test
        void fixed() {
            throw new AssertionError();
        }

        @TestFactory
        List<DynamicTest> made() {
            return List.of(DynamicTest.dynamicTest("one", () -> {
                throw new AssertionError();
            }));
        }

        @Test
        void passing(@Seeded long seed) {
            assertThat(seed).isEqualTo(Long.getLong(SeededExtension.PROPERTY, 1));
        }
    }

    @Test
    void failuresPrintHowToRepeatThem() {
        String start = "to repeat this failure: mvn test -Dtest='SeededExtensionTest$Failing#";
        long seed = Long.getLong(SeededExtension.PROPERTY, 17);
        assertThat(errors().lines().filter(line -> line.contains("repeat")))
                .containsExactlyInAnyOrder(
                        start + "seeded' -Dswitchlab.test.seed=" + seed, start + "fixed'", start + "made'");
    }

    private static String errors() {
        PrintStream before = System.err;
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        System.setErr(new PrintStream(errors, true, StandardCharsets.UTF_8));
        try {
            EngineTestKit.engine("junit-jupiter")
                    .selectors(selectClass(Failing.class))
                    .configurationParameter("junit.jupiter.extensions.autodetection.enabled", "true")
                    .execute()
                    .testEvents()
                    .assertStatistics(stats -> stats.failed(3).succeeded(1));
        } finally {
            System.setErr(before);
        }
        return errors.toString(StandardCharsets.UTF_8);
    }
}
