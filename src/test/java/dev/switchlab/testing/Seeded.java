package dev.switchlab.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a test's parameter, a {@code long}, that gets a seed. {@code mvn test -Dswitchlab.test.seed=7} gives another; a
 * failure prints the command that repeats it with the same seed.
 */
@Target(ElementType.PARAMETER)
@Retention(RetentionPolicy.RUNTIME)
public @interface Seeded {

    /** The seed, unless the property gives another. */
    long value() default 1;
}
