package dev.switchlab.provenance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CodeDigestTest {

    @Test
    void aBuildIsItselfAndNoOther(@TempDir Path folder) throws Exception {
        Files.writeString(Files.createDirectory(folder.resolve("a")).resolve("A.class"), "12");
        String digest = CodeDigest.of(folder);
        assertThat(CodeDigest.of(folder)).isEqualTo(digest).hasSize(64);
        Files.writeString(folder.resolve("a").resolve("A.class"), "13");
        String changed = CodeDigest.of(folder);
        Files.move(folder.resolve("a").resolve("A.class"), folder.resolve("a").resolve("B.class"));
        assertThat(CodeDigest.of(folder)).isNotIn(digest, changed);
        assertThat(changed).isNotEqualTo(digest);
        assertThat(CodeDigest.of(folder.resolve("a").resolve("B.class"))).hasSize(64); // as of a jar
        assertThat(CodeDigest.ofThisProgram()).hasSize(64);
    }
}
