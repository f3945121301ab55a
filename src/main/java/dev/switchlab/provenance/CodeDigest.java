package dev.switchlab.provenance;

import dev.switchlab.io.Sha256;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** What tells one build of this program from another. */
public final class CodeDigest {

    private CodeDigest() {}

    /** SHA-256 of all its classes and resources, as this process has them on its class path. */
    public static String ofThisProgram() throws IOException {
        try {
            return of(Path.of(CodeDigest.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI()));
        } catch (URISyntaxException e) {
            throw new IllegalStateException("the class path has no such place", e);
        }
    }

    /** The same of a folder of classes, by names and contents; or of a jar. */
    static String of(Path place) throws IOException {
        MessageDigest sha256 = Sha256.newDigest();
        try (Stream<Path> walk = Files.walk(place)) {
            List<Path> files = walk.filter(Files::isRegularFile).sorted().toList();
            for (Path file : files) {
                byte[] content = Files.readAllBytes(file);
                String name = place.relativize(file) + " " + content.length + "\n";
                sha256.update(name.getBytes(StandardCharsets.UTF_8));
                sha256.update(content);
            }
        }
        return HexFormat.of().formatHex(sha256.digest());
    }
}
