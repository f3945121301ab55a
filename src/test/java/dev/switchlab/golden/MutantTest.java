package dev.switchlab.golden;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** That every mutant still fits the sources; {@code make mutants} shows that the golden cases catch them. */
class MutantTest {

    static Stream<Mutant> mutants() {
        return Mutant.all().stream();
    }

    @Test
    void theReadmesSayHowManyThereAre() throws Exception {
        int mutants = Mutant.all().size();
        assertThat(Files.readString(Path.of("README.md"))).contains("in " + mutants + " small ways");
        assertThat(Files.readString(Path.of("golden/README.md")))
                .contains("makes " + mutants + " small, wrong changes");
    }

    /** One that does not compile shows nothing. */
    @ParameterizedTest
    @MethodSource("mutants")
    void compiles(Mutant mutant, @TempDir Path folder) throws Exception {
        assertThat(Mutants.compile(mutant, folder)).isNotEmptyDirectory();
    }

    @ParameterizedTest
    @MethodSource("mutants")
    void fitsItsSource(Mutant mutant) throws Exception {
        String source = Files.readString(Path.of("src/main/java/dev/switchlab").resolve(mutant.source()));
        assertThat(mutant.applyTo(source)).isNotEqualTo(source);
    }
}
