#include "certs.h"

#include "test.h"

static char dir[64];

static const char script[] =
    "set -e; cd \"$1\"\n"
    "key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }\n"
    "ca() { key $1; openssl req -x509 -new -key $1.key -subj \"/CN=Test $1\" -days 2 -out $1.pem"
    " -addext keyUsage=critical,keyCertSign,cRLSign; }\n"
    "leaf() { key $1; printf 'subjectAltName=%s\\nbasicConstraints=CA:FALSE\\n' $3 > ext;"
    " openssl req -new -key $1.key -subj /CN=$1 -out csr;"
    " openssl x509 -req -in csr -CA $2.pem -CAkey $2.key -CAcreateserial -days $4 -extfile ext -out $1.pem; "
    "}\n"
    "ca ca; ca other\n"
    "leaf server ca DNS:localhost,IP:127.0.0.1,IP:::1 2\n"
    "leaf named ca DNS:localhost 2\n"
    "leaf elsewhere ca DNS:elsewhere.example 2\n"
    "leaf expired ca DNS:localhost,IP:127.0.0.1 -1\n"
    "leaf client ca DNS:client 2\n"
    "leaf stranger other DNS:stranger 2\n"
    "key self; openssl req -x509 -new -key self.key -subj /CN=self -days 2 -out self.pem"
    " -addext subjectAltName=DNS:localhost,IP:127.0.0.1\n"
    ": > index; echo 01 > number\n"
    "printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index\\ncrlnumber=number\\ndefault_md=sha256\\n"
    "default_crl_days=2\\n' > cnf\n"
    "openssl ca -config cnf -gencrl -keyfile ca.key -cert ca.pem -out empty.crl\n"
    "openssl ca -config cnf -revoke server.pem -keyfile ca.key -cert ca.pem\n"
    "openssl ca -config cnf -gencrl -keyfile ca.key -cert ca.pem -out revoked.crl\n"
    "mkdir cas; cp ca.pem cas/some; echo note > cas/README\n"
    "head -c 150 client.key > truncated.key; head -c 300 client.pem > truncated.pem\n";

int certs_make(void) {
    char command[512], file[128];
    FILE *f;

    snprintf(dir, sizeof(dir), "/tmp/nats-rs-certs-XXXXXX");
    if (mkdtemp(dir) == NULL) {
        perror("mkdtemp");
        return 1;
    }
    snprintf(file, sizeof(file), "%s/make.sh", dir);
    f = fopen(file, "w");
    if (f == NULL || fputs(script, f) < 0 || fclose(f) != 0) {
        perror(file);
        return 1;
    }
    snprintf(command, sizeof(command), "sh %s %s > %s/log 2>&1", file, dir, dir);
    if (system(command) != 0) {
        fprintf(stderr, "cannot make certificates (is openssl installed?), see %s/log\n", dir);
        return 1;
    }
    return 0;
}

void certs_remove(void) {
    char command[128];

    snprintf(command, sizeof(command), "rm -r %s", dir);
    if (system(command) != 0)
        fprintf(stderr, "cannot remove %s\n", dir);
}

int certs_removed_after(int status) {
    certs_remove();
    return status;
}

const char *cert(const char *file) {
    static char names[16][128];
    static int next;
    char *name = names[next++ % 16];

    snprintf(name, sizeof(names[0]), "%s/%s", dir, file);
    return name;
}

char *cert_text(const char *file) {
    enum { ROOM = 64 * 1024 };
    char *text = (char *)malloc(ROOM);
    FILE *f = fopen(cert(file), "r");
    size_t n;

    CHECK(text != NULL && f != NULL);
    n = fread(text, 1, ROOM - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

void cert_copy(const char *from, const char *to) {
    char *text = cert_text(from);
    char next[128];
    FILE *f;

    /* Renamed into place, so that no process reads a part of it. */
    snprintf(next, sizeof(next), "%s.next", cert(to));
    f = fopen(next, "w");
    CHECK(f != NULL);
    fputs(text, f);
    fclose(f);
    CHECK(rename(next, cert(to)) == 0);
    free(text);
}
