# shellcheck shell=bash
# What makes a stack of ops/stack a secured one: Kafka with certificates, passwords and ACLs, Redis with TLS and
# users. Everybody may do what ops/acl says, and nothing else.
# Usage: source "$OPS/secure.sh" (after process.sh). DIR/roles has all of it:
#   ca.crt, server.crt    who Kafka and Redis are
#   ROLE.conf             the configuration of a program in that role, with the password in sharebus-ROLE.password
#   ROLE-scram.conf       the same, but by SCRAM-SHA-512: for librdkafka 2.6.1 and later
#   ROLE-mtls.conf        the same, but Kafka knows it by its certificate sharebus-ROLE.crt
#   root.password         of the user `default` of Redis, who may do everything
# `all` may do what all roles may, `nobody` nothing. The listener ROOT of Kafka lets everybody do everything: by it the brokers
# speak to each other, and tests look at what is there.

PROPER_ROLES=(consumer notifier operator sharer reader watcher)
ROLES=("${PROPER_ROLES[@]}" all nobody)

secured() {
	[[ -e $DIR/run/secured ]]
}

# ---- certificates and passwords -------------------------------------------------------------

# certify NAME ALTERNATIVE: a key and a certificate, by our authority.
certify() {
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
	openssl x509 -req -days 365 -CA ca.crt -CAkey ca.key -CAcreateserial -in "$1.csr" -out "$1.crt" \
		-extfile <(printf 'subjectAltName=%s\nauthorityKeyIdentifier=keyid\n' "$2")
}

# Kafka takes the key and the certificate from one file. Strict clients, as Python's since 3.13, want an authority
# that says what its key is for.
make_certificates() {
	local role
	openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=sharebus-authority \
		-addext keyUsage=critical,keyCertSign,cRLSign -keyout ca.key -out ca.crt
	certify server IP:127.0.0.1
	cat server.key server.crt >server.pem
	for role in "${ROLES[@]}"; do
		certify "sharebus-$role" "DNS:$role.example"
	done
}

make_passwords() {
	local role
	for role in "${ROLES[@]/#/sharebus-}" root; do
		head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$role.password"
	done
}

# fill_roles FOLDER: makes all that stays the same from start to start.
fill_roles() {
	umask 077
	rm -rf "$1"
	mkdir "$1"
	cd "$1" || return
	make_passwords
	make_certificates
}

# It has another name until it is complete.
make_roles() {
	[[ ! -d $DIR/roles ]] || return 0
	quietly "$DIR/roles.log" fill_roles_in_shell || die "the certificates could not be made"
	mv -T "$DIR/roles.new" "$DIR/roles"
}

fill_roles_in_shell() {
	(fill_roles "$DIR/roles.new")
}

password_of() {
	cat "$DIR/roles/$1.password"
}

# ---- kafka ----------------------------------------------------------------------------------

# The listeners of a node, for its server.properties.
secure_listeners() {
	local node=$1 role users=''
	for role in "${ROLES[@]}"; do
		users+=" user_sharebus-$role=\"$(password_of "sharebus-$role")\""
	done
	cat <<-END
		listeners=$(listeners_of "$node"),CONTROLLER://127.0.0.1:$(port_of "$node-controller")
		advertised.listeners=$(listeners_of "$node")
		listener.security.protocol.map=ROOT:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:PLAINTEXT
		inter.broker.listener.name=ROOT
		authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
		super.users=User:ANONYMOUS
		ssl.keystore.type=PEM
		ssl.keystore.location=$DIR/roles/server.pem
		ssl.truststore.type=PEM
		ssl.truststore.location=$DIR/roles/ca.crt
		ssl.principal.mapping.rules=RULE:^CN=(.*)\$/\$1/
		listener.name.ssl.ssl.client.auth=required
		sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
		listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
		listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required$users;
	END
}

# The formatter's arguments that let each role log in by SCRAM, a line each.
secure_format() {
	local role
	for role in "${ROLES[@]/#/sharebus-}"; do
		printf '%s\n' --add-scram "SCRAM-SHA-512=[name=$role,password=$(password_of "$role")]"
	done
}

listeners_of() {
	printf 'SASL_SSL://127.0.0.1:%s,SSL://127.0.0.1:%s,ROOT://127.0.0.1:%s\n' \
		"$(port_of "$1")" "$(port_of "$1-mtls")" "$(port_of "$1-root")"
}

# Prints the rights of all, as ops/acl does.
kafka_rights() {
	"$OPS/acl" kafka "${PROPER_ROLES[@]}"
	"$OPS/acl" kafka --as sharebus-all "${PROPER_ROLES[@]}"
}

# The same for Redis.
redis_rights() {
	"$OPS/acl" redis --passwords "$DIR/roles" "${PROPER_ROLES[@]}"
	"$OPS/acl" redis --passwords "$DIR/roles" --as sharebus-all "${PROPER_ROLES[@]}"
}

# Gives the roles their rights, unless Kafka has them already.
allow_roles() {
	local python rights
	rights=$(kafka_rights)
	[[ $(cat "$DIR/run/rights" 2>/dev/null) != "$rights" ]] || return 0
	python=$("$OPS/install" python)
	"$python" "$REPO/tests/kafka_rights.py" "$(brokers -root)" <<<"$rights" ||
		die "Kafka did not take the rights that ops/acl prints"
	printf '%s\n' "$rights" >"$DIR/run/rights"
}

# ---- redis ----------------------------------------------------------------------------------

# The arguments of a Redis with TLS, whose users are those that ops/acl prints.
secure_redis() {
	local roles=$DIR/roles
	{
		printf 'user default on #%s ~* &* +@all\n' "$(password_of root | sha256sum | cut -d' ' -f1)"
		redis_rights | sed 's/^ACL SETUSER/user/'
	} >"$roles/users.acl"
	printf '%s\n' --port 0 --tls-port "$1" --tls-cert-file "$roles/server.crt" \
		--tls-key-file "$roles/server.key" --tls-ca-cert-file "$roles/ca.crt" --tls-auth-clients no \
		--aclfile "$roles/users.acl"
}

# ---- programs -------------------------------------------------------------------------------

# print_role ROLE: the configuration of a program in that role, but for how Kafka knows it.
print_role() {
	local port
	port=$(port_of redis) || port=
	[[ -z $port ]] || cat <<-END
		redis = rediss://sharebus-$1@127.0.0.1:$port
		redis-ca = $DIR/roles/ca.crt
		redis-password-file = $DIR/roles/sharebus-$1.password
	END
}

# print_sasl ROLE MECHANISM: the same, and it has a password in Kafka.
print_sasl() {
	printf 'brokers = %s\n' "$(brokers)"
	print_role "$1"
	printf '[kafka]\nsecurity.protocol = sasl_ssl\nssl.ca.location = %s/ca.crt\n' "$DIR/roles"
	printf 'sasl.mechanism = %s\nsasl.username = sharebus-%s\n' "$2" "$1"
	printf 'sasl.password = %s\n' "$(password_of "sharebus-$1")"
}

# The configurations have the ports, so they are written at each start.
write_roles() {
	local role roles=$DIR/roles
	umask 077
	for role in "${ROLES[@]}"; do
		print_sasl "$role" PLAIN >"$roles/$role.conf"
		print_sasl "$role" SCRAM-SHA-512 >"$roles/$role-scram.conf"
		{
			printf 'brokers = %s\n' "$(brokers -mtls)"
			print_role "$role"
			printf '[kafka]\nsecurity.protocol = ssl\nssl.ca.location = %s/ca.crt\n' "$roles"
			printf 'ssl.certificate.location = %s/sharebus-%s.crt\n' "$roles" "$role"
			printf 'ssl.key.location = %s/sharebus-%s.key\n' "$roles" "$role"
		} >"$roles/$role-mtls.conf"
	done
}
